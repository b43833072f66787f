import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { configOf } from "../../src/env.ts";
import { pageId } from "../../src/ids.ts";
import { allDone, graph, KEY, knock, PAGE, TOKEN } from "./support.ts";

/** Whatever a client makes up, the door stays on the key's page and keeps the page's token. */

afterEach(async () => {
  await allDone();
  vi.restoreAllMocks();
});

const OTHER = "200300400500600";
const OTHER_TOKEN = "TOKEN-OF-ANOTHER-PAGE";

const word = fc.constantFrom(
  ...`me ${PAGE} ${OTHER} 7001 900100200300 messages message_attachments messenger_profile personas`.split(
    " ",
  ),
  ..."custom_user_settings thread_owner secondary_receivers pass_thread_control take_thread_control".split(
    " ",
  ),
  ..."conversations accounts subscribed_apps feed debug_token oauth access_token __proto__ t_1 100_200".split(
    " ",
  ),
  ..."v25.0 .. . // @ ? # \\ { %2e%2e %2f".split(" "),
  "",
);
const node = fc.constantFrom("me", PAGE, OTHER, "7001");
const edge = fc.constantFrom(
  "messages",
  "messenger_profile",
  "personas",
  "custom_user_settings",
  "thread_owner",
);
const path: fc.Arbitrary<string[]> = fc.oneof(
  fc.tuple(node, edge).map((parts): string[] => parts),
  fc.array(node, { minLength: 1, maxLength: 1 }),
  fc.array(fc.oneof({ weight: 5, arbitrary: word }, fc.string({ maxLength: 6 })), { maxLength: 4 }),
);
const name = fc.constantFrom(
  ..."fields ids id recipient message sender_action platform psid params target_app_id method batch".split(
    " ",
  ),
  ..."callback access_token[0] appsecret_proof name profile_picture_url page_id greeting limit after".split(
    " ",
  ),
  ..."include_headers __proto__ constructor".split(" "),
);
const text = fc.oneof(
  word,
  fc.constantFrom("access_token", "name{access_token}", "delete", "get", "typing_on", "7001,7002"),
  fc.constantFrom(
    '{"id":"7001"}',
    `{"id":"${OTHER}"}`,
    '{"comment_id":"1_2"}',
    '{"text":"Hi"}',
    '["access_token"]',
  ),
  fc.string({ maxLength: 10 }),
);
const batchItem = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE"),
  relative_url: fc
    .tuple(path, name, text)
    .map(([parts, key, value]) => `${parts.join("/")}?${key}=${encodeURIComponent(value)}`),
  body: fc.tuple(name, text).map(([key, value]) => `${key}=${encodeURIComponent(value)}`),
});
const value = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }), fc.array(batchItem, { maxLength: 3 }));
const call = fc.record({
  method: fc.constantFrom("GET", "POST", "DELETE"),
  parts: path,
  query: fc.dictionary(name, text, { maxKeys: 3 }),
  body: fc.dictionary(name, value, { maxKeys: 4 }),
  isForm: fc.boolean(),
});

describe("any call", () => {
  it("stays on the key's page, and its answer has no token", async () => {
    const read = configOf(env);
    if (!read.ok) throw new Error("no settings");
    const settings = {
      pageTokens: new Map([...read.config.pageTokens, [pageId(OTHER), OTHER_TOKEN]]),
      apiKeys: [{ name: "bot", role: "bot" as const, key: KEY, pages: [PAGE] }],
    };
    const secrets = [TOKEN, OTHER_TOKEN, "first-app-secret"];
    const calls = graph(({ url }) => {
      const next = `https://graph.facebook.com${url.pathname}?access_token=${TOKEN}&after=1`;
      const body = { id: "1", access_token: TOKEN, data: [{ access_token: TOKEN }], paging: { next } };
      return Response.json(body, { headers: { "x-app-usage": "{}", "x-secret": TOKEN } });
    });
    const reached = new Set<string>();
    await fc.assert(
      fc.asyncProperty(call, async ({ method, parts, query, body, isForm }) => {
        calls.length = 0;
        const content = isForm
          ? new URLSearchParams(
              Object.entries(body).map(([key, one]) => [
                key,
                typeof one === "string" ? one : JSON.stringify(one),
              ]),
            )
          : JSON.stringify(body);
        const init = {
          method,
          headers: {
            authorization: `Bearer ${KEY}`,
            "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
          },
          ...(method === "GET" ? {} : { body: content }),
        };
        const response = await knock(
          `/v25.0/${parts.map(encodeURI).join("/")}?${new URLSearchParams(query)}`,
          init,
          settings,
        );
        await allDone();
        const answer = await response.text();
        const headers = JSON.stringify([...response.headers]);
        for (const secret of secrets) expect(answer + headers).not.toContain(secret);
        for (const { url, headers: sent, body: said } of calls) {
          expect(url.origin).toBe("https://graph.invalid");
          expect(sent.get("authorization")).toBe(`Bearer ${TOKEN}`);
          const [version, node = "", edge] = url.pathname.slice(1).split("/");
          reached.add(edge ?? "node");
          expect(version).toBe("v25.0");
          // An id alone is a person's or a persona's; of them, only fields without any secret are asked for.
          expect(node).toMatch(edge === undefined ? /^\d{1,32}$/ : new RegExp(`^${PAGE}$`));
          expect(node).not.toBe(OTHER);
          const names = [...url.searchParams.keys(), ...Object.keys(said)];
          expect(names.filter((one) => /^(access_token|callback|ids|id|batch|method)\b/.test(one))).toEqual(
            [],
          );
          const asked = [url.searchParams.get("fields") ?? "", said["fields"] ?? ""].flat().join(",");
          expect(asked).toMatch(/^[\w,]*$/);
          expect(asked).not.toContain("token");
          expect(url.href + JSON.stringify(said)).not.toContain(KEY);
        }
      }),
      { numRuns: 600 },
    );
    // It is about calls that get through, too.
    for (const edge of ["node", "personas", "messenger_profile"]) expect(reached).toContain(edge);
  }, 60_000);
});
