import { afterEach, describe, expect, it, vi } from "vitest";
import { fetchOriginal, MAX_MEDIA_BYTES } from "../../src/media/original.ts";
import { CDN, picture, playing } from "./world.ts";

afterEach(() => vi.restoreAllMocks());

const reasonFor = async (url: string, type: "image" | "file" = "image") => {
  const original = await fetchOriginal({ url, type });
  return original.ok ? "fetched" : original.reason;
};
const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });

describe("an attachment at Meta", () => {
  it("is fetched with its type and length", async () => {
    playing(() => picture("abc", "IMAGE/png; x=1"));
    const original = await fetchOriginal({ url: `${CDN}/a.png`, type: "image" });
    if (!original.ok) throw new Error(original.reason);
    expect(original).toMatchObject({ length: 3, contentType: "image/png" });
    expect(await new Response(original.body).text()).toBe("abc");
  });

  it("is asked for as it is, so that its length is the announced one", async () => {
    const fetched = playing(() => picture());
    await fetchOriginal({ url: `${CDN}/a.png`, type: "image" });
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({
      headers: { "accept-encoding": "identity" },
      redirect: "manual",
    });
  });

  it("is never looked for in clear, on this machine or in a private network", async () => {
    const fetched = playing(() => picture());
    for (const url of [
      "http://cdn.invalid/a.png",
      "https://localhost/a.png",
      "https://127.0.0.1/a.png",
      "https://2130706433/a.png",
      "https://[::1]/a.png",
      "https://10.0.0.1/a.png",
      "https://169.254.169.254/latest/meta-data",
      "https://[fd00::1]/a.png",
      "https://user:word@cdn.invalid/a.png",
      "data:image/png;base64,AAAA",
      "a.png",
      "",
    ]) {
      expect(await reasonFor(url), url).toBe("refused");
    }
    expect(fetched).not.toHaveBeenCalled();
  });

  it("is followed to another public place, and no further than that", async () => {
    playing(({ pathname }) => {
      if (pathname === "/moved") return redirect("/a.png");
      if (pathname === "/inside") return redirect("https://192.168.0.1/a.png");
      if (pathname === "/clear") return redirect("http://cdn.invalid/a.png");
      if (pathname === "/round") return redirect("/round");
      if (pathname === "/nowhere") return new Response(null, { status: 302 });
      return picture();
    });
    expect(await reasonFor(`${CDN}/moved`)).toBe("fetched");
    for (const path of ["/inside", "/clear", "/round", "/nowhere"]) {
      expect(await reasonFor(CDN + path), path).toBe("refused");
    }
  });

  it("is gone when Meta says so, or asks for a login", async () => {
    playing(({ pathname }) => {
      if (pathname === "/login") return picture("<html>", "text/html; charset=utf-8");
      return new Response("URL signature expired", { status: Number(pathname.slice(1)) });
    });
    for (const path of ["/403", "/404", "/410", "/login"]) expect(await reasonFor(CDN + path)).toBe("gone");
  });

  it("may be a page, when a person has sent one", async () => {
    playing(() => picture("<html>", "text/html"));
    expect(await reasonFor(`${CDN}/page.html`, "file")).toBe("fetched");
  });

  it("can be had another time when Meta is in trouble", async () => {
    playing(({ pathname }) => {
      if (pathname === "/down") throw new TypeError("refused");
      return new Response("", { status: Number(pathname.slice(1)) });
    });
    for (const path of ["/429", "/500", "/503", "/down"])
      expect(await reasonFor(CDN + path)).toBe("unreachable");
  });

  it("is too large when more than 25 MB are announced", async () => {
    const announcing = (length: number) =>
      playing(() => new Response("…", { headers: { "content-length": String(length) } }));
    announcing(MAX_MEDIA_BYTES);
    expect(await reasonFor(`${CDN}/a`, "file")).toBe("fetched");
    announcing(MAX_MEDIA_BYTES + 1);
    expect(await reasonFor(`${CDN}/a`, "file")).toBe("too_large");
  });
});
