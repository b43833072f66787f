import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { configOf, readConfig } from "../../src/env.ts";
import { pageId } from "../../src/ids.ts";
import { graphEnd } from "../../src/pages/ends.ts";
import { forgetSetup, setupOf } from "../../src/pages/setup.ts";
import { answer } from "../../src/routes.ts";
import { envelope, text } from "../fixtures/events.ts";
import { codeOf, conversation } from "../support/gateway.ts";
import { signature, signedPost } from "../support/webhook.ts";

afterEach(() => vi.restoreAllMocks());

/** Two apps on one gateway: the shop's, which is the first, and the club's, whose secret is just being changed. */
const SHOP = { id: "900100200300", secret: "secret-of-the-shop", verify_token: "verify-the-shop" };
const CLUB = {
  id: "900100200301",
  secret: "new-club-secret,old-club-secret",
  verify_token: "verify-the-club",
};
const NEW_CLUB_SECRET = "new-club-secret";
const OLD_CLUB_SECRET = "old-club-secret";

/** Nobody has said whose this page is. */
const OPEN_PAGE = "100200300400510";
const SHOP_PAGE = "100200300400511";
const CLUB_PAGE = "100200300400512";
/** The shop's, until the club has it. */
const MOVING_PAGE = "100200300400513";
const PAGES = [OPEN_PAGE, SHOP_PAGE, CLUB_PAGE, MOVING_PAGE];

const several = {
  ...env,
  META_APP_SECRET: "",
  META_APP_ID: "",
  META_VERIFY_TOKEN: "",
  META_APPS: JSON.stringify([SHOP, CLUB]),
  PAGE_ACCESS_TOKENS: JSON.stringify(Object.fromEntries(PAGES.map((id) => [id, `TOKEN-OF-${id}`]))),
  PAGE_SETTINGS: JSON.stringify({
    [SHOP_PAGE]: { app_id: SHOP.id },
    [CLUB_PAGE]: { app_id: CLUB.id },
    [MOVING_PAGE]: { app_id: SHOP.id },
  }),
};

async function ask(request: Request): Promise<Response> {
  vi.spyOn(globalThis, "fetch").mockImplementation(async () => Response.json({ messages: [] }));
  const ctx = createExecutionContext();
  const response = await answer(request, several, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

const url = (path: string) => `https://gateway.invalid${path}`;
const freshUser = () => String(Math.floor(Math.random() * 1e15));

/** Posts a user's message to a page as the app does whose secret it is. */
async function tell(path: string, secret: string, page: string, user: string): Promise<Response> {
  const body = JSON.stringify(envelope([text(`m_${user}`, "hello", user)], page));
  return ask(await signedPost(url(path), body, secret));
}

const isStored = (page: string, user: string): Promise<boolean> =>
  runInDurableObject(
    conversation(`${page}_${user}`),
    (_, { storage }) => storage.sql.exec("SELECT 1 FROM event").toArray().length === 1,
  );

describe("several apps", () => {
  it("are what is configured, and a single one's variables come first", () => {
    const read = readConfig({ ...several, META_APP_SECRET: "a", META_APP_ID: "7", META_VERIFY_TOKEN: "v" });
    expect(read.ok && read.config.apps).toEqual([
      { id: "7", secrets: ["a"], verifyToken: "v" },
      { id: SHOP.id, secrets: [SHOP.secret], verifyToken: SHOP.verify_token },
      { id: CLUB.id, secrets: [NEW_CLUB_SECRET, OLD_CLUB_SECRET], verifyToken: CLUB.verify_token },
    ]);
  });
});

describe("a callback URL for all apps", () => {
  it("takes what any of them has signed, under each of its secrets", async () => {
    for (const secret of [SHOP.secret, NEW_CLUB_SECRET, OLD_CLUB_SECRET]) {
      const user = freshUser();
      expect((await tell("/webhook", secret, OPEN_PAGE, user)).status).toBe(200);
      expect(await isStored(OPEN_PAGE, user)).toBe(true);
    }
  });

  it("refuses what none of them has", async () => {
    const user = freshUser();
    expect(await codeOf(await tell("/webhook", "first-app-secret", OPEN_PAGE, user))).toEqual([
      401,
      "signature_invalid",
    ]);
    expect(await isStored(OPEN_PAGE, user)).toBe(false);
  });
});

describe("an app's own callback URL", () => {
  it("takes what that app has signed, and nothing of the others", async () => {
    const [ours, theirs] = [freshUser(), freshUser()];
    expect((await tell(`/webhook/${CLUB.id}`, NEW_CLUB_SECRET, OPEN_PAGE, ours)).status).toBe(200);
    expect(await codeOf(await tell(`/webhook/${CLUB.id}`, SHOP.secret, OPEN_PAGE, theirs))).toEqual([
      401,
      "signature_invalid",
    ]);
    expect([await isStored(OPEN_PAGE, ours), await isStored(OPEN_PAGE, theirs)]).toEqual([true, false]);
  });

  it("is none for an app that isn't served", async () => {
    for (const id of ["900100200302", "undefined", "", "constructor"]) {
      const response = await tell(`/webhook/${id}`, SHOP.secret, OPEN_PAGE, freshUser());
      // The one without an id is that of all.
      expect(response.status).toBe(id === "" ? 200 : 404);
    }
  });
});

describe("a page that was given to an app", () => {
  it("is spoken for by that app alone", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const attempts = [
      [CLUB_PAGE, NEW_CLUB_SECRET, true],
      [CLUB_PAGE, SHOP.secret, false],
      [SHOP_PAGE, SHOP.secret, true],
      [SHOP_PAGE, OLD_CLUB_SECRET, false],
    ] as const;
    for (const [page, secret, isIts] of attempts) {
      const user = freshUser();
      // Not refused: Meta would only send it again, and unsubscribe the app in the end.
      expect((await tell("/webhook", secret, page, user)).status).toBe(200);
      expect(await isStored(page, user)).toBe(isIts);
    }
    expect(warned).toHaveBeenCalledWith({ event: "page_of_another_app", app: SHOP.id, entries: 1 });
  });

  it("is heard through its new app as soon as it was given to it", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const [before, after, late] = [freshUser(), freshUser(), freshUser()];
    await tell("/webhook", SHOP.secret, MOVING_PAGE, before);
    const origin = { source: "facebook" as const, facebookPage: MOVING_PAGE };
    await env.PAGE.getByName(MOVING_PAGE).changeChannel(origin, { settings: { app_id: CLUB.id } });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 2_000);
    await tell("/webhook", NEW_CLUB_SECRET, MOVING_PAGE, after);
    await tell("/webhook", SHOP.secret, MOVING_PAGE, late);
    const users = [before, after, late];
    expect(await Promise.all(users.map((user) => isStored(MOVING_PAGE, user)))).toEqual([true, true, false]);
  });

  it("isn't spoken for by another at that one's own callback URL either", async () => {
    const user = freshUser();
    expect((await tell(`/webhook/${SHOP.id}`, SHOP.secret, CLUB_PAGE, user)).status).toBe(200);
    expect(await isStored(CLUB_PAGE, user)).toBe(false);
  });

  it("doesn't take the other pages of the same POST along", async () => {
    const [mine, open] = [freshUser(), freshUser()];
    const entries = [
      envelope([text("m_1", "forged", mine)], CLUB_PAGE),
      envelope([text("m_2", "hello", open)], OPEN_PAGE),
    ].map(({ entry }) => entry);
    const body = JSON.stringify({ object: "page", entry: entries.flat() });
    expect((await ask(await signedPost(url("/webhook"), body, SHOP.secret))).status).toBe(200);
    expect([await isStored(CLUB_PAGE, mine), await isStored(OPEN_PAGE, open)]).toEqual([false, true]);
  });

  it("is called at Meta under that app's secret", async () => {
    const read = configOf(several);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const { config } = read;
    const secrets = { [SHOP_PAGE]: SHOP.secret, [CLUB_PAGE]: NEW_CLUB_SECRET, [OPEN_PAGE]: SHOP.secret };
    for (const [page, secret] of Object.entries(secrets)) {
      forgetSetup(pageId(page));
      const graph = graphEnd(config, await setupOf({ config, pages: env.PAGE }, pageId(page)));
      const fetched = vi
        .spyOn(globalThis, "fetch")
        .mockImplementation(async () => Response.json({ message_id: "m_1", recipient_id: "7001" }));
      await graph?.send({ id: "7001" }, JSON.stringify({ message: { text: "hi" } }));
      const sent = JSON.parse(String(fetched.mock.lastCall?.[1]?.body));
      const proof = (await signature(`TOKEN-OF-${page}`, secret)).slice("sha256=".length);
      expect(sent.appsecret_proof).toBe(proof);
    }
  });
});

describe("Meta's handshake", () => {
  const shake = (path: string, token: string) =>
    ask(new Request(url(`${path}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=${token}`)));

  it("comes back at the common URL for every app's verify token", async () => {
    for (const { verify_token } of [SHOP, CLUB]) {
      expect(await (await shake("/webhook", verify_token)).text()).toBe("1158201444");
    }
    expect(await codeOf(await shake("/webhook", "verify-token-of-tests"))).toEqual([
      403,
      "verify_token_mismatch",
    ]);
  });

  it("comes back at an app's own URL for its own verify token alone", async () => {
    expect(await (await shake(`/webhook/${CLUB.id}`, CLUB.verify_token)).text()).toBe("1158201444");
    expect(await codeOf(await shake(`/webhook/${CLUB.id}`, SHOP.verify_token))).toEqual([
      403,
      "verify_token_mismatch",
    ]);
    expect(await codeOf(await shake("/webhook/900100200302", CLUB.verify_token))).toEqual([
      404,
      "no_such_app",
    ]);
  });
});
