import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { knownFile } from "../../src/dispatch/known-files.ts";
import { send } from "../../src/dispatch/send.ts";
import { conversationId, type PageId } from "../../src/ids.ts";
import { Page } from "../../src/pages/page.ts";
import { accepted, contextOf, freshPage, listening, refusal, saidIn, sendWorkOf, USER } from "./bench.ts";

const URL = "https://files.invalid/menu.png";
const picture = (url = URL, isReusable = true) => ({
  message: { attachment: { type: "image", payload: { url, is_reusable: isReusable } } },
});
const byId = (id: string) => ({ attachment: { type: "image", payload: { attachment_id: id } } });
const sending = (page: PageId, body: unknown) =>
  send(contextOf(page), conversationId(page, USER), sendWorkOf(page, body), "ordinary");
afterEach(() => vi.restoreAllMocks());

describe("a file marked reusable", () => {
  it("is sent by its address once, then by Meta's id, in every conversation of the page", async () => {
    const page = freshPage();
    const calls = listening(() => accepted({ attachment_id: "9001" }));
    await sending(page, picture());
    await sending(page, picture());
    expect(calls.map(saidIn)).toEqual([picture().message, byId("9001")]);
  });

  it("is known to the page, also where its isolate has forgotten", async () => {
    const page = freshPage();
    await env.PAGE.getByName(page).keepFile(`image ${URL}`, "9002");
    const calls = listening(() => accepted());
    await sending(page, picture());
    expect(calls.map(saidIn)).toEqual([byId("9002")]);
  });

  it("is another file on another page, or of another address", async () => {
    const [page, other] = [freshPage(), freshPage()];
    const calls = listening(() => accepted({ attachment_id: "9003" }));
    await sending(page, picture());
    await sending(other, picture());
    await sending(page, picture(`${URL}?2`));
    expect(calls.map(saidIn)).toEqual([picture().message, picture().message, picture(`${URL}?2`).message]);
  });

  it("that Meta doesn't know any more is forgotten, and sent by its address with the next attempt", async () => {
    const page = freshPage();
    await env.PAGE.getByName(page).keepFile(`image ${URL}`, "gone");
    const calls = listening((call) =>
      JSON.stringify(call.body).includes("gone")
        ? refusal(100, 2018047)
        : accepted({ attachment_id: "9004" }),
    );
    // One call of Graph for each attempt: two might take longer than the lease.
    expect((await sending(page, picture())).outcome).toMatchObject({ kind: "retry", code: "file_forgotten" });
    expect(await env.PAGE.getByName(page).file(`image ${URL}`)).toBeNull();
    expect((await sending(page, picture())).outcome).toMatchObject({ kind: "sent" });
    expect(calls.map(saidIn)).toEqual([byId("gone"), picture().message]);
  });

  it("that is refused by its address fails for good", async () => {
    const page = freshPage();
    listening(() => refusal(100, 2018047));
    expect((await sending(page, picture())).outcome).toMatchObject({ kind: "failed", code: "attachment" });
  });

  it("is sent by its address when the page can't be asked", async () => {
    const page = freshPage();
    const pages = {
      getByName: () => ({ file: () => Promise.reject(new Error("overloaded")) }),
    } as unknown as typeof env.PAGE;
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await knownFile(pages, page, picture())).toMatchObject({ isKnown: false, body: picture() });
  });
});

it("a file nobody marked is no matter of the page's", async () => {
  const page = freshPage();
  const asked = vi.spyOn(Page.prototype, "file");
  const calls = listening(() => accepted({ attachment_id: "9005" }));
  for (let times = 0; times < 2; times++) await sending(page, picture(URL, false));
  expect(calls.map(saidIn)).toEqual([picture(URL, false).message, picture(URL, false).message]);
  expect(asked).not.toHaveBeenCalled();
});
