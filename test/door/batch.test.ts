import { afterEach, describe, expect, it, vi } from "vitest";
import {
  allDone,
  errorOf,
  type Graph,
  graph,
  KEY,
  knock,
  OPERATOR,
  PAGE,
  post,
  sentBy,
  somebody,
} from "./support.ts";

afterEach(async () => {
  await allDone();
  vi.restoreAllMocks();
});

interface Answered {
  code: number;
  headers?: { name: string; value: string }[];
  body: string;
}

const batch = async (items: unknown[], more: Record<string, unknown> = {}, path = "/v25.0/") =>
  (await post(path, { include_headers: false, ...more, batch: items })).json<(Answered | null)[]>();

const bodyOf = (one: Answered | null | undefined) => one && [one.code, JSON.parse(one.body)];

/** As messaging-api-messenger writes a call. */
const message = (id: string, text: string, more = {}) => ({
  method: "POST",
  relative_url: "me/messages",
  body: `recipient=${encodeURIComponent(JSON.stringify({ id }))}&message=${encodeURIComponent(JSON.stringify({ text }))}`,
  ...more,
});

describe("a batch", () => {
  it("answers each call in Meta's shape, in its place", async () => {
    const calls = graph((call) =>
      call.method === "GET" ? Response.json({ first_name: "Ada" }) : sentBy(call),
    );
    const [ada, ben] = [somebody(), somebody()];
    const answers = await batch(
      [
        message(ada, "Hi"),
        { method: "GET", relative_url: `${ada}?fields=first_name` },
        { method: "GET", relative_url: "me/conversations" },
        { method: "delete", relative_url: "/v6.0/me/messenger_profile?fields=greeting" },
        message(ben, "Hi"),
      ],
      { include_headers: true },
    );
    expect(answers.map(bodyOf)).toMatchObject([
      [200, { recipient_id: ada }],
      [200, { first_name: "Ada" }],
      [400, { error: { code: 3 } }],
      [200, {}],
      [200, { recipient_id: ben }],
    ]);
    expect(answers[0]?.headers).toContainEqual({
      name: "content-type",
      value: "application/json; charset=UTF-8",
    });
    expect(calls.every(({ url }) => !url.href.includes(KEY))).toBe(true);
    expect(calls.find(({ method }) => method === "DELETE")?.body).toEqual({ fields: ["greeting"] });
  });

  it("leaves headers out if nobody wants them", async () => {
    graph();
    expect(await batch([message(somebody(), "Hi")])).toEqual([{ code: 200, body: expect.any(String) }]);
  });

  it("doesn't stumble over what only looks like its parameters", async () => {
    graph(() => Response.json({ id: "1" }));
    const odd = { toString: 1 };
    const [answer] = await batch([{ method: "GET", relative_url: "me?fields=id" }], { include_headers: odd });
    expect(answer).toMatchObject({ code: 200, headers: expect.any(Array) });
    for (const change of [{ platform: odd }, { fields: [odd] }, { fields: odd }]) {
      const init = { method: "DELETE", body: JSON.stringify(change) };
      const response = await knock(`/v25.0/me/messenger_profile?access_token=${KEY}`, init);
      expect(await response.text()).not.toContain("internal");
    }
  });

  it("takes no longer for an address of slashes alone", async () => {
    const calls = graph();
    const address = `a${"/".repeat(100_000)}a`;
    const started = performance.now();
    const [answer] = await batch([{ method: "GET", relative_url: address }]);
    expect(bodyOf(answer)).toMatchObject([400, { error: { messengate_code: "not_available" } }]);
    // By a pattern it was seconds; clocks stand still here while the CPU works, but for what is awaited.
    expect(performance.now() - started).toBeLessThan(1000);
    expect(calls).toEqual([]);
  });

  it("comes at the root, with or without a version, and as a form", async () => {
    graph();
    const items = [message(somebody(), "Hi")];
    expect(await batch(items, {}, "/")).toMatchObject([{ code: 200 }]);
    expect(await batch(items, {}, "/v25.0")).toMatchObject([{ code: 200 }]);
    const body = new URLSearchParams({ access_token: KEY, batch: JSON.stringify(items) });
    expect(await (await knock("/", { method: "POST", body })).json()).toMatchObject([{ code: 200 }]);
  });

  it("keeps the order within a conversation, and lets the others go ahead", async () => {
    const [ada, ben] = [somebody(), somebody()];
    const order: string[] = [];
    let letAdaGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letAdaGo = resolve;
    });
    graph(async (call) => {
      const { text } = call.body["message"] as { text: string };
      if (text === "ada 1") await gate;
      order.push(text);
      if (order.length === 2) letAdaGo();
      return sentBy(call);
    });
    await batch([message(ada, "ada 1"), message(ada, "ada 2"), message(ben, "ben 1"), message(ben, "ben 2")]);
    expect(order).toEqual(["ben 1", "ben 2", "ada 1", "ada 2"]);
  });

  it("has calls wait for those they depend on, and fail with them", async () => {
    const order: string[] = [];
    graph(async (call) => {
      const { text } = call.body["message"] as { text: string };
      order.push(text);
      return text === "fails"
        ? Response.json({ error: { message: "no", code: 100 } }, { status: 400 })
        : sentBy(call);
    });
    const answers = await batch([
      message(somebody(), "one", { name: "one", omit_response_on_success: true }),
      message(somebody(), "two", { depends_on: "one" }),
      message(somebody(), "fails", { name: "bad", omit_response_on_success: true }),
      message(somebody(), "never", { depends_on: ["one", "bad"] }),
      message(somebody(), "never", { depends_on: "later" }),
      message(somebody(), "three", { name: "later" }),
    ]);
    expect(answers.map((one) => one?.code ?? null)).toEqual([null, 200, 400, 400, 400, 200]);
    expect(bodyOf(answers[3])).toMatchObject([400, { error: { messengate_code: "dependency_failed" } }]);
    expect(order.indexOf("two")).toBeGreaterThan(order.indexOf("one"));
    expect(order).not.toContain("never");
  });

  it("goes by its token, and each call by its own if it has one", async () => {
    graph();
    const [ada, ben] = [somebody(), somebody()];
    const wrong = message(ben, "Hi");
    const answers = await batch([
      message(ada, "Hi"),
      { ...wrong, relative_url: `me/messages?access_token=${OPERATOR}` },
      { ...wrong, body: `${wrong.body}&access_token=no-such-key` },
    ]);
    expect(answers.map((one) => one?.code)).toEqual([200, 200, 400]);
    const bare = await knock("/", { method: "POST", body: JSON.stringify({ batch: [message(ada, "Hi")] }) });
    expect((await bare.json<Answered[]>()).map(bodyOf)).toMatchObject([[400, { error: { code: 2500 } }]]);
  });

  it("under an Idempotency-Key does each of its calls once", async () => {
    const calls = graph();
    const items = [message(somebody(), "Hi"), message(somebody(), "Hi")];
    const ask = async () => {
      const answer = await post("/", { batch: items, include_headers: false }, KEY, {
        "idempotency-key": "b-1",
      });
      await allDone();
      return answer.json<Answered[]>();
    };
    const first = await ask();
    expect((await ask()).map(bodyOf)).toEqual(first.map(bodyOf));
    expect(calls).toHaveLength(2);
  });

  it.each<[string, unknown]>([
    ["files", { method: "POST", relative_url: "me/messages", attached_files: "file1" }],
    ["values of other answers", { method: "GET", relative_url: "{result=one:$.id}?fields=name" }],
    ["the same, encoded", { method: "GET", relative_url: "%7Bresult%3Done:$.id%7D" }],
    [
      "the same in a body",
      { method: "POST", relative_url: "me/messages", body: "recipient={result=one:$.id}" },
    ],
    ["another host", { method: "GET", relative_url: "https://graph.facebook.com/me" }],
    ["another host still", { method: "GET", relative_url: "//graph.facebook.com/me/accounts" }],
    ["a batch of its own", { method: "POST", relative_url: "/", body: "batch=[]" }],
    ["a method Graph hasn't", { method: "PUT", relative_url: "me" }],
  ])("refuses a call with %s, and does the others", async (_, item) => {
    const calls = graph();
    const answers = await batch([item, message(somebody(), "Hi")]);
    expect(answers.map((one) => one?.code)).toEqual([400, 200]);
    expect(calls).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ["none", []],
    ["not a list", {}],
    ["too many", Array.from({ length: 51 }, () => ({ method: "GET", relative_url: "me" }))],
    ["not calls", [{ method: "GET" }]],
    ["with bodies that aren't forms", [{ method: "POST", relative_url: "me/messages", body: { a: 1 } }]],
  ])("is refused as a whole: %s", async (_, items) => {
    const calls = graph();
    expect(await errorOf(await post("/", { batch: items }))).toMatchObject({ status: 400, code: 100 });
    expect(calls).toEqual([]);
  });

  it("has no more than six calls under way", async () => {
    let [under, most] = [0, 0];
    const slow: Graph = async () => {
      most = Math.max(most, ++under);
      await scheduler.wait(1);
      under--;
      return Response.json({ id: PAGE });
    };
    graph(slow);
    const answers = await batch(
      Array.from({ length: 50 }, () => ({ method: "GET", relative_url: "me?fields=id" })),
    );
    expect(answers).toHaveLength(50);
    expect(most).toBeLessThanOrEqual(6);
  });
});
