import { afterEach, describe, expect, it, vi } from "vitest";
import { GraphClient } from "../../src/graph/client.ts";
import { deleteUserMenu, getMessengerProfile, setUserMenu } from "../../src/graph/messenger-profile.ts";
import { createPersona, deletePersona, getPersona, listPersonas } from "../../src/graph/personas.ts";
import { secondaryReceivers, threadOwner } from "../../src/graph/threads.ts";
import { userProfile } from "../../src/graph/users.ts";
import { PAGE_ITSELF, pageId, userId, userIdOfRef } from "../../src/ids.ts";

const settings = { url: "https://graph.invalid", version: "v25.0", appSecret: "app-secret" };
const graph = new GraphClient(settings, pageId("1001"), "page-token");
const USER = userId("7001");

/** Plays Graph; what it was asked is `METHOD path`, with the query but for the proof, and the body but for the proof. */
function playing(answer: (asked: string, body: unknown) => unknown, status = 200): string[] {
  const calls: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(String(input));
    url.searchParams.delete("appsecret_proof");
    const asked = `${init?.method ?? "GET"} ${url.pathname.slice("/v25.0/".length)}${decodeURIComponent(url.search)}`;
    calls.push(asked);
    const { appsecret_proof: _, ...body } = JSON.parse(typeof init?.body === "string" ? init.body : "{}");
    return Response.json(answer(asked, body), { status });
  });
  return calls;
}
const failing = (code: number, error_subcode?: number, message = "words") =>
  playing(() => ({ error: { code, error_subcode, message } }), 400);
afterEach(() => vi.restoreAllMocks());

describe("a user's profile", () => {
  it("has the fields that were asked for and that Meta gives", async () => {
    const calls = playing(() => ({ id: "7001", first_name: "Ada", timezone: -7, gender: null }));
    expect(await userProfile(graph, USER, ["first_name", "timezone", "gender", "locale"])).toEqual({
      kind: "known",
      fields: { first_name: "Ada", timezone: -7 },
    });
    expect(calls).toEqual(["GET 7001?fields=first_name,timezone,gender,locale"]);
  });

  it("is refused for want of consent, of a profile, or of a permission", async () => {
    const refusals: [code: number, subcode?: number | undefined, message?: string][] = [
      [100, 33],
      [100, 2018218],
      [100, 2018247],
      [2018218],
      [230, undefined, "User consent is required to access user profile"],
      [10, undefined, "No permission for pages associated to Instant Games."],
    ];
    for (const [code, subcode, message] of refusals) {
      failing(code, subcode, message);
      expect(await userProfile(graph, USER, ["first_name"])).toEqual({ kind: "refused" });
    }
  });

  it("failed when it may be had later, or was asked for wrongly", async () => {
    failing(2);
    expect(await userProfile(graph, USER, ["first_name"])).toEqual({ kind: "failed", reason: "(#2) words" });
    failing(190);
    expect(await userProfile(graph, USER, ["first_name"])).toMatchObject({ kind: "failed" });
    failing(100, undefined, "Tried accessing nonexisting field (frist_name)");
    expect(await userProfile(graph, USER, ["frist_name"])).toMatchObject({ kind: "failed" });
  });

  it("is not asked for when nobody is known, only a checkbox or the page", async () => {
    const calls = playing(() => ({}));
    for (const nobody of [userIdOfRef("ref-1"), PAGE_ITSELF]) {
      expect(await userProfile(graph, nobody, ["name"])).toMatchObject({ kind: "failed" });
    }
    expect(calls).toEqual([]);
  });

  it("is waited for two seconds at the most", async () => {
    const timeout = vi.spyOn(AbortSignal, "timeout");
    playing(() => ({}));
    await userProfile(graph, USER, ["name"]);
    expect(timeout).toHaveBeenCalledWith(2000);
  });
});

describe("personas", () => {
  const persona = (id: number) => ({
    id: String(id),
    name: `P${id}`,
    profile_picture_url: "https://cdn.invalid/p",
  });

  it("are listed to the last page", async () => {
    const calls = playing((asked) =>
      asked.includes("after=c1")
        ? { data: [persona(3)], paging: { cursors: { after: "c2" } } }
        : {
            data: [persona(1), persona(2)],
            paging: { cursors: { after: "c1" }, next: "https://next.invalid" },
          },
    );
    expect(await listPersonas(graph)).toEqual({ ok: true, value: [persona(1), persona(2), persona(3)] });
    expect(calls).toEqual(["GET me/personas?limit=100", "GET me/personas?limit=100&after=c1"]);
  });

  it("are not listed for ever", async () => {
    const calls = playing(() => ({
      data: [persona(1)],
      paging: { cursors: { after: "c" }, next: "https://n.invalid" },
    }));
    await listPersonas(graph);
    expect(calls).toHaveLength(20);
  });

  it("are made, read and deleted", async () => {
    const bodies: unknown[] = [];
    const calls = playing((asked, body) => {
      bodies.push(body);
      return asked.startsWith("GET") ? persona(5) : { id: "5", success: true };
    });
    const wanted = { name: "Ada", profile_picture_url: "https://cdn.invalid/a" };
    expect(await createPersona(graph, wanted)).toEqual({ ok: true, value: { id: "5" } });
    expect(await getPersona(graph, "5")).toEqual({ ok: true, value: persona(5) });
    expect(await deletePersona(graph, "5")).toMatchObject({ ok: true });
    expect(calls).toEqual(["POST me/personas", "GET 5?fields=id,name,profile_picture_url", "DELETE 5"]);
    expect(bodies[0]).toEqual(wanted);
  });

  it("in an answer of another shape count as no answer", async () => {
    playing(() => ({ personas: [] }));
    expect(await listPersonas(graph)).toMatchObject({ ok: false, code: "no_answer", isFinal: false });
  });
});

describe("a thread", () => {
  it("has an owner until a time", async () => {
    const calls = playing(() => ({
      data: [{ thread_owner: { app_id: 263902037430900, expiration: "1790000000" } }],
    }));
    expect(await threadOwner(graph, USER)).toEqual({
      ok: true,
      value: { app: "263902037430900", expiresAt: 1_790_000_000_000 },
    });
    expect(calls).toEqual(["GET 1001/thread_owner?recipient=7001"]);
  });

  it("is idle when Meta names nobody", async () => {
    for (const data of [[], [{}], [{ thread_owner: null }], [{ thread_owner: { app_id: null } }]]) {
      playing(() => ({ data }));
      expect(await threadOwner(graph, USER)).toEqual({ ok: true, value: { app: null, expiresAt: null } });
    }
  });

  it("can be passed to the page's other apps", async () => {
    const calls = playing(() => ({ data: [{ id: "12", name: "Inbox" }, { id: 13 }] }));
    expect(await secondaryReceivers(graph)).toEqual({
      ok: true,
      value: [
        { id: "12", name: "Inbox" },
        { id: "13", name: "" },
      ],
    });
    expect(calls).toEqual(["GET 1001/secondary_receivers?fields=id,name"]);
  });
});

describe("the Messenger profile", () => {
  it("is what is set, however Meta cuts its answer", async () => {
    const calls = playing(() => ({ data: [{ get_started: { payload: "GO" } }, { greeting: [] }] }));
    expect(await getMessengerProfile(graph, ["get_started", "greeting"], "messenger")).toEqual({
      ok: true,
      value: { get_started: { payload: "GO" }, greeting: [] },
    });
    expect(calls).toEqual(["GET me/messenger_profile?fields=get_started,greeting"]);
    playing(() => ({ data: [] }));
    expect(await getMessengerProfile(graph, ["greeting"], "messenger")).toEqual({ ok: true, value: {} });
  });

  it("has its ice breakers also when Meta leaves their name out", async () => {
    const set = { locale: "default", call_to_actions: [{ question: "Q", payload: "P" }] };
    const calls = playing(() => ({ data: [set] }));
    expect(await getMessengerProfile(graph, ["ice_breakers"], "instagram")).toEqual({
      ok: true,
      value: { ice_breakers: [set] },
    });
    expect(calls).toEqual(["GET me/messenger_profile?fields=ice_breakers&platform=instagram"]);
  });

  it("can have a menu of one person's own", async () => {
    const bodies: unknown[] = [];
    const calls = playing((_, body) => {
      bodies.push(body);
      return { success: true };
    });
    await setUserMenu(graph, "7001", [{ locale: "default" }]);
    await deleteUserMenu(graph, "7001");
    expect(calls).toEqual([
      "POST me/custom_user_settings",
      'DELETE me/custom_user_settings?psid=7001&params=["persistent_menu"]',
    ]);
    expect(bodies[0]).toEqual({ psid: "7001", persistent_menu: [{ locale: "default" }] });
  });
});
