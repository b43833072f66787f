import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Config, configOf } from "../../src/env.ts";
import { conversationId, pageId, userId } from "../../src/ids.ts";
import { directoryOf } from "../../src/pages/served.ts";
import { dataDeletion, deauthorize } from "../../src/privacy/callbacks.ts";
import { erasePerson } from "../../src/privacy/person.ts";
import { deletionStatus } from "../../src/privacy/status-page.ts";
import { ingest, says } from "../support/conversation.ts";
import { posting } from "./signing.ts";

const APP = "900100200300";
const SECRET = "first-app-secret";
const PAGE = "100200300400500";

const settings = configOf(env);
if (!settings.ok) throw new Error(JSON.stringify(settings.problems));
const config: Config = settings.config;
const directory = directoryOf(env);

afterEach(() => vi.restoreAllMocks());

let people = 0;
/** Somebody new: as the app knows them, and as the page does. */
const somebody = () => {
  const number = String(++people).padStart(4, "0");
  return { person: `2184719001${number}`, psid: `70010${number}` };
};

const issuedAt = () => Math.floor(Date.now() / 1000);
const asks = async (person: string, secret = SECRET): Promise<Response> =>
  dataDeletion(
    await posting("/data-deletion", { user_id: person, issued_at: issuedAt() }, secret),
    config,
    env,
  );

interface Confirmation {
  url: string;
  confirmation_code: string;
}
interface Status {
  state: string;
  conversations_deleted: number;
}

/** A person's request, confirmed. @returns its code */
async function requested(person: string): Promise<string> {
  return (await (await asks(person)).json<Confirmation>()).confirmation_code;
}

const see = (code: string, accept = "application/json"): Promise<Response> =>
  deletionStatus(
    new Request(`https://gateway.invalid/data-deletion/${code}`, { headers: { accept } }),
    config,
    env,
  );
const statusOf = async (code: string): Promise<Status> => (await see(code)).json<Status>();

type Answer = { status?: number; body: unknown };

/** Plays Graph; what it was asked is in the list. */
function graph(answer: (url: URL) => Answer): { url: URL; authorization: string | null }[] {
  const calls: { url: URL; authorization: string | null }[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const url = new URL(String(input));
    calls.push({ url, authorization: new Headers(init?.headers).get("authorization") });
    const { status = 200, body } = answer(url);
    return Response.json(body, { status });
  });
  return calls;
}

const knownAs = (...ids: [page: string, user: string][]): Answer => ({
  body: { data: ids.map(([page, id]) => ({ id, page: { id: page, name: "Page" } })), paging: {} },
});
const DOWN: Answer = { status: 500, body: { error: { code: 2, message: "temporary" } } };

/** The conversation of a page with a user, in which something was said that the bot isn't asked about. */
async function talking(page: string, psid: string) {
  const stub = env.CONVERSATION.getByName(conversationId(pageId(page), userId(psid)));
  await ingest(stub, [says(`hello ${psid}`, { forward: false })]);
  return stub;
}

const ended = (code: string, state: string): Promise<void> =>
  vi.waitFor(async () => expect((await statusOf(code)).state).toBe(state), { timeout: 5000 });

/** Lets the time come when those that failed are tried again. */
const triedAgain = async (): Promise<void> => {
  await runInDurableObject(directory, (_, { storage }) => {
    storage.sql.exec("UPDATE deletion_person SET due = 1");
  });
  await runDurableObjectAlarm(directory);
};

const peopleOnRecord = (): Promise<{ person: string; due: number }[]> =>
  runInDurableObject(directory, (_, { storage }) =>
    storage.sql.exec<{ person: string; due: number }>("SELECT person, due FROM deletion_person").toArray(),
  );

describe("a person's request that their data be deleted", () => {
  it("is confirmed at once with a code and a page, and done for every page where Meta knows them", async () => {
    const { person, psid } = somebody();
    const elsewhere = "100200300400777";
    const stubs = await Promise.all([talking(PAGE, psid), talking(elsewhere, `${psid}1`)]);
    const bystander = await talking(PAGE, `${psid}2`);
    const calls = graph(() => knownAs([PAGE, psid], [elsewhere, `${psid}1`], ["100200300400888", psid]));

    const response = await asks(person);
    expect(response.status).toBe(200);
    const { url, confirmation_code: code } = await response.json<Confirmation>();
    expect(code).toMatch(/^[0-9a-f]{32}$/);
    expect(url).toBe(`https://gateway.invalid/data-deletion/${code}`);
    await ended(code, "done");
    expect((await statusOf(code)).conversations_deleted).toBe(2);
    for (const stub of stubs) expect((await stub.info(null)).exists).toBe(false);
    expect((await bystander.info(null)).exists).toBe(true);

    const [call] = calls;
    expect(call?.url.pathname).toBe(`/v25.0/${person}/ids_for_pages`);
    expect(call?.authorization).toBe(`Bearer ${APP}|${SECRET}`);
    expect(call?.url.searchParams.get("appsecret_proof")).toMatch(/^[0-9a-f]{64}$/);
    expect(call?.url.href).not.toContain(SECRET);
    expect(await peopleOnRecord()).toEqual([]);
  });

  it("goes through all of Meta's list", async () => {
    const { person, psid } = somebody();
    const pages = Array.from({ length: 3 }, (_, at) => `10020030040060${at}`);
    const stubs = await Promise.all(pages.map((page) => talking(page, psid)));
    graph((url) => {
      const at = Number(url.searchParams.get("after") ?? 0);
      const data = [{ id: psid, page: { id: pages[at], name: "Page" } }];
      const next = `https://graph.invalid/next?access_token=x`;
      const paging = { cursors: { before: String(at), after: String(at + 1) } };
      return { body: { data, paging: at < 2 ? { ...paging, next } : paging } };
    });
    await ended(await requested(person), "done");
    for (const stub of stubs) expect((await stub.info(null)).exists).toBe(false);
  });

  it("that is repeated gets the same answer, and nothing is done twice", async () => {
    const { person } = somebody();
    const calls = graph(() => knownAs([PAGE, "1"]));
    const payload = { user_id: person, issued_at: issuedAt() };
    const codes = [];
    for (let time = 0; time < 3; time++) {
      const response = await dataDeletion(await posting("/data-deletion", payload, SECRET), config, env);
      codes.push((await response.json<Confirmation>()).confirmation_code);
      await ended(codes[0] ?? "", "done");
    }
    expect(new Set(codes).size).toBe(1);
    expect(calls).toHaveLength(1);
  });

  it("waits while Graph can't be reached, ever longer, and is done when it can", async () => {
    const { person, psid } = somebody();
    const stub = await talking(PAGE, psid);
    const calls = graph(() => DOWN);
    const code = await requested(person);
    const waitsMinutes = async () => ((await peopleOnRecord())[0]?.due ?? 0) / 60_000 - Date.now() / 60_000;
    await vi.waitFor(async () => expect(await waitsMinutes()).toBeCloseTo(1, 1));
    await triedAgain();
    expect(await waitsMinutes()).toBeCloseTo(4, 1);
    expect(calls).toHaveLength(2);
    expect((await statusOf(code)).state).toBe("received");
    expect((await stub.info(null)).exists).toBe(true);
    vi.restoreAllMocks();
    graph(() => knownAs([PAGE, psid]));
    await triedAgain();
    expect(await statusOf(code)).toMatchObject({ state: "done", conversations_deleted: 1 });
    expect((await stub.info(null)).exists).toBe(false);
  });

  it("is given up after two weeks, and then nobody knows any more whose it was", async () => {
    const { person } = somebody();
    const calls = graph(() => DOWN);
    const code = await requested(person);
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    await runInDurableObject(directory, (_, { storage }) => {
      const before = Date.now() - 14 * 24 * 60 * 60_000;
      storage.sql.exec("UPDATE deletion SET received_at = ? WHERE code = ?", before, code);
    });
    await triedAgain();
    expect((await statusOf(code)).state).toBe("failed");
    expect(await peopleOnRecord()).toEqual([]);
  });

  it.each([
    [
      "knows nobody of that id",
      { status: 400, body: { error: { code: 100, error_subcode: 33, message: "" } } },
    ],
    ["won't tell", { status: 400, body: { error: { code: 10, message: "permission" } } }],
    ["names no page", { body: { data: [] } }],
  ])("is recorded as not matched when Meta %s", async (_, answer) => {
    graph(() => answer);
    const code = await requested(somebody().person);
    await ended(code, "not_matched");
    expect(await peopleOnRecord()).toEqual([]);
  });

  it("is recorded as not matched for an app whose id isn't known", async () => {
    const calls = graph(() => DOWN);
    const nameless: Config = {
      ...config,
      apps: [{ id: undefined, secrets: ["nameless-app-secret"], verifyToken: "v" }],
    };
    const payload = { user_id: somebody().person, issued_at: issuedAt() };
    const request = await posting("/data-deletion", payload, "nameless-app-secret");
    const { confirmation_code } = await (await dataDeletion(request, nameless, env)).json<Confirmation>();
    await ended(confirmation_code, "not_matched");
    expect(calls).toHaveLength(0);
  });

  it("is asked in the name of the app that signed it, among several, under its newest secret", async () => {
    const calls = graph(() => knownAs([PAGE, "1"]));
    const second = {
      id: "555666777",
      secrets: ["its-secret", "its-former-secret"],
      verifyToken: "v",
    } as const;
    const several: Config = { ...config, apps: [...config.apps, second] };
    const tried = await erasePerson({ code: "c", app: "555666777", person: "7" }, several, env);
    expect(tried).toEqual({ state: "done", conversations: 0 });
    expect(calls[0]?.authorization).toBe("Bearer 555666777|its-secret");
  });
});

describe("what isn't Meta's request", () => {
  const post = (body: BodyInit): Promise<Response> =>
    dataDeletion(new Request("https://gateway.invalid/data-deletion", { method: "POST", body }), config, env);

  it.each([
    ["nothing", "", 400, "signed_request_malformed"],
    ["another form", "request=1", 400, "signed_request_malformed"],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe]), 400, "signed_request_malformed"],
    ["too much", `signed_request=${"a".repeat(20_000)}`, 413, "body_too_large"],
  ])("is refused: %s", async (_, body, status, code) => {
    const response = await post(body);
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([status, code]);
  });

  it("is refused under another secret, and nothing is recorded", async () => {
    const response = await asks(somebody().person, "some-other-secret");
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([
      401,
      "signature_invalid",
    ]);
    expect(await peopleOnRecord()).toEqual([]);
  });
});

describe("the page that tells how far it is", () => {
  const html = async (code: string): Promise<[Response, string]> => {
    const response = await see(code, "text/html,application/xhtml+xml,*/*;q=0.8");
    return [response, await response.text()];
  };

  it("is a page without script, for nobody but who has the code, and says nothing about the person", async () => {
    const { person, psid } = somebody();
    await talking(PAGE, psid);
    graph(() => knownAs([PAGE, psid]));
    const code = await requested(person);
    await ended(code, "done");
    const [response, text] = await html(code);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(text).toContain('<meta name="robots" content="noindex">');
    expect(text).toContain("one conversation");
    expect(text).not.toMatch(/<script/i);
    for (const secret of [person, psid, PAGE, APP]) expect(text).not.toContain(secret);
  });

  it("tells who can't be matched what to do", async () => {
    graph(() => ({ body: { data: [] } }));
    const code = await requested(somebody().person);
    await ended(code, "not_matched");
    const [response, text] = await html(code);
    expect(response.status).toBe(200);
    expect(text).toContain("nothing has been deleted");
    expect(text).toContain("write to the business");
  });

  it("knows no other code, in either form", async () => {
    for (const code of ["0".repeat(32), "1", "../healthz", "%00"]) {
      const [page, text] = await html(code);
      expect(page.status).toBe(404);
      expect(text).toContain("No such request");
      const json = await see(code);
      expect([json.status, (await json.json<{ code: string }>()).code]).toEqual([404, "no_such_deletion"]);
    }
  });
});

describe("a person who removes the app", () => {
  const removes = async (person: string, at: number, check: () => void): Promise<Response> =>
    deauthorize(
      await posting("/deauthorize", { user_id: person, issued_at: at }, SECRET),
      config,
      env,
      check,
    );

  it("has the app's pages checked, once, and is not named in the log", async () => {
    const log = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { person } = somebody();
    const check = vi.fn();
    const at = issuedAt();
    for (let time = 0; time < 3; time++) expect((await removes(person, at, check)).status).toBe(200);
    expect(check).toHaveBeenCalledTimes(1);
    expect(check).toHaveBeenCalledWith(expect.objectContaining({ id: APP }));
    expect(JSON.stringify(log.mock.calls)).toContain('{"event":"app_deauthorized","app":"900100200300"}');
    expect(JSON.stringify(log.mock.calls)).not.toContain(person);
    expect((await removes(person, at - 1, check)).status).toBe(200);
    expect(check).toHaveBeenCalledTimes(2);
  });

  it("ends logins that are under way; they stay spent", async () => {
    const expires = Date.now() + 60_000;
    await directory.spendLogin("login-1", expires);
    await directory.keepLogin("login-1", "sealed", expires);
    expect(await directory.loginToken("login-1")).toBe("sealed");
    await removes(somebody().person, issuedAt(), () => {});
    expect(await directory.loginToken("login-1")).toBeNull();
    expect(await directory.spendLogin("login-1", expires)).toBe(false);
  });

  it("is believed of Meta alone", async () => {
    const check = vi.fn();
    const payload = { user_id: "7", issued_at: issuedAt() };
    const request = await posting("/deauthorize", payload, "some-other-secret");
    expect((await deauthorize(request, config, env, check)).status).toBe(401);
    expect(check).not.toHaveBeenCalled();
  });
});
