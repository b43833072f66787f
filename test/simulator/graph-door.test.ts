import { beforeEach, describe, expect, it } from "vitest";
import { hexHmac } from "../../src/simulator/webhook/signature.ts";
import {
  APP_SECRET,
  control,
  freshSimulator,
  graph,
  PAGE_ID,
  request,
  TOKEN,
  threadOf,
  webhook,
  write,
} from "./world.ts";

const USER = "7001";
const hello = { recipient: { id: USER }, message: { text: "hi" } };

beforeEach(async () => {
  await freshSimulator();
  webhook();
  await write(USER, "hello");
});

describe("the access token", () => {
  it("may come in the query, in the body or as a bearer", async () => {
    const asQuery = await graph(`/me/messages?access_token=${TOKEN}`, hello, null);
    const inBody = await graph("/me/messages", { ...hello, access_token: TOKEN }, null);
    const asBearer = await graph("/me/messages", hello);
    expect([asQuery.status, inBody.status, asBearer.status]).toEqual([200, 200, 200]);
  });

  it("is missed with code 2500 on /me and 104 elsewhere", async () => {
    expect((await graph("/me/messages", hello, null)).body.error).toMatchObject({
      code: 2500,
      message: "An active access token must be used to query information about the current user.",
    });
    expect((await graph(`/${PAGE_ID}/messages`, hello, null)).body.error.code).toBe(104);
  });

  it("is refused with 190 when unknown, and the answer says so in WWW-Authenticate", async () => {
    const answer = await graph("/me/messages", hello, "wrong");
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 190, type: "OAuthException" });
    expect(answer.headers.get("WWW-Authenticate")).toContain("invalid_token");
  });

  it("needs a right appsecret_proof, if one is given", async () => {
    const proof = await hexHmac("SHA-256", APP_SECRET, TOKEN);
    expect((await graph(`/me/messages?appsecret_proof=${proof}`, hello)).status).toBe(200);
    const wrong = await graph("/me/messages?appsecret_proof=00", hello);
    expect(wrong.body.error).toMatchObject({ code: 100, type: "GraphMethodException" });
  });

  it("needs a proof, if the page's settings say so", async () => {
    await control("PUT", `/pages/${PAGE_ID}`, { appsecret_proof_required: true });
    expect((await graph("/me/messages", hello)).body.error.message).toContain("appsecret_proof");
    const proof = await hexHmac("SHA-256", APP_SECRET, TOKEN);
    expect((await graph(`/me/messages?appsecret_proof=${proof}`, hello)).status).toBe(200);
  });

  it("speaks for its own page only", async () => {
    expect((await graph(`/${PAGE_ID}/messages`, hello)).status).toBe(200);
    expect((await graph("/999/messages", hello)).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });
});

describe("the Graph door", () => {
  it("takes a form as well as JSON", async () => {
    const form = new URLSearchParams({
      access_token: TOKEN,
      recipient: JSON.stringify({ id: USER }),
      message: JSON.stringify({ text: "by form" }),
    });
    const response = await request("/v19.0/me/messages", { method: "POST", body: form });
    expect(response.status).toBe(200);
    expect(response.headers.get("facebook-api-version")).toBe("v19.0");
    expect((await threadOf(USER)).messages.at(-1).text).toBe("by form");
  });

  it("gives each answer a trace id", async () => {
    const answer = await graph("/me/messages", hello, "wrong");
    expect(answer.headers.get("x-fb-trace-id")).toBe(answer.body.error.fbtrace_id);
  });

  it("knows no other paths", async () => {
    expect((await graph("/me/wishes")).body.error.message).toBe("Unknown path components: /me/wishes");
  });

  it("keeps a list of the calls, with how they went and without their tokens", async () => {
    await graph(`/me/messages?access_token=${TOKEN}`, hello);
    await graph("/me/messages", hello, "wrong");
    const { data } = (await control("GET", "/calls")).body;
    expect(data).toEqual([
      { time: expect.any(Number), method: "POST", path: "/v25.0/me/messages", status: 200, code: null },
      { time: expect.any(Number), method: "POST", path: "/v25.0/me/messages", status: 400, code: 190 },
    ]);
  });

  it("refuses a body that is not JSON", async () => {
    const response = await request(`/v25.0/me/messages?access_token=${TOKEN}`, { method: "POST", body: "{" });
    expect(response.status).toBe(400);
  });

  it("tells the page its name and the user's profile, field by field", async () => {
    await control("PUT", `/users/${USER}`, { first_name: "Ada", last_name: "Byron" });
    expect((await graph("/me?fields=id,name")).body).toEqual({ id: PAGE_ID, name: "Sample Page" });
    expect((await graph(`/${USER}?fields=first_name,name`)).body).toEqual({
      id: USER,
      first_name: "Ada",
      name: "Ada Byron",
    });
    expect((await graph(`/${USER}?fields=shoe_size`)).body.error.code).toBe(100);
    expect((await graph("/7999")).body.error).toMatchObject({ code: 100, error_subcode: 33 });
  });
});
