import { beforeEach, describe, expect, it } from "vitest";
import {
  control,
  eventsOf,
  eventually,
  freshSimulator,
  graph,
  request,
  sendTo,
  TOKEN,
  threadOf,
  webhook,
  write,
} from "./world.ts";

const USER = "7001";
const faults = (body: object) => control("PUT", "/faults", body);
const textsOf = async () => (await threadOf(USER)).messages.map((message: { text: string }) => message.text);

beforeEach(freshSimulator);

describe("faults of the Graph API", () => {
  beforeEach(async () => {
    webhook();
    await write(USER, "hello");
  });

  it("reject so many sends, in order, and then are used up", async () => {
    await faults({
      graph: [
        { times: 2, error: { code: 2 } },
        {
          status: 429,
          error: { code: 613, error_subcode: 1893015 },
          retry_after: 7,
          regain_access_minutes: 3,
        },
      ],
    });
    const answers = [];
    for (const text of ["a", "b", "c", "d"]) answers.push(await sendTo(USER, { text }));
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 429, 200]);
    expect(answers[2]?.body.error).toMatchObject({ code: 613, error_subcode: 1893015 });
    expect(answers[2]?.headers.get("Retry-After")).toBe("7");
    expect(answers[2]?.headers.get("X-Business-Use-Case-Usage")).toContain(
      '"estimated_time_to_regain_access":3',
    );
    expect(await textsOf()).toEqual(["hello", "d"]);
    expect((await control("GET", "/faults")).body.graph).toEqual([]);
  });

  it("accept_then_fail shows the message, though the caller gets an error", async () => {
    await faults({ graph: [{ outcome: "accept_then_fail", status: 500 }] });
    expect((await sendTo(USER, { text: "shown" })).status).toBe(500);
    expect(await textsOf()).toEqual(["hello", "shown"]);
  });

  it("accept_then_fail without an error cuts the answer off", async () => {
    await faults({ graph: [{ outcome: "accept_then_fail" }] });
    const body = JSON.stringify({ recipient: { id: USER }, message: { text: "shown" } });
    const response = await request(`/v25.0/me/messages?access_token=${TOKEN}`, { method: "POST", body });
    const cut = await response.text().catch(() => "cut");
    expect(cut).toBe("cut");
    expect(await textsOf()).toEqual(["hello", "shown"]);
  });

  it("hang answers nothing and accepts nothing; a reset frees the caller", async () => {
    await faults({ graph: [{ outcome: "hang" }] });
    const body = JSON.stringify({ recipient: { id: USER }, message: { text: "lost" } });
    const hanging = request(`/v25.0/me/messages?access_token=${TOKEN}`, { method: "POST", body });
    await eventually(async () => expect((await control("GET", "/faults")).body.graph).toEqual([]));
    expect(await textsOf()).toEqual(["hello"]);
    await control("POST", "/reset");
    const freed = await (await hanging).text().catch(() => "cut");
    expect(freed).toBe("cut");
  });

  it("touch only the user and the kind of send they are meant for, and only what would have been accepted", async () => {
    await write("7002", "hello");
    await faults({ graph: [{ user_id: "7002", applies_to: "actions" }] });
    expect((await sendTo(USER, { text: "x" })).status).toBe(200);
    expect((await sendTo("7002", { text: "x" })).status).toBe(200);
    expect((await sendTo("7002", { text: "" })).status).toBe(400);
    const typing = { recipient: { id: "7002" }, sender_action: "typing_on" };
    expect((await graph("/me/messages", typing)).status).toBe(500);
    expect((await graph("/me/messages", typing)).status).toBe(200);
  });

  it("can be taken back", async () => {
    await faults({ graph: [{ times: 100 }] });
    await control("DELETE", "/faults");
    expect((await sendTo(USER, { text: "x" })).status).toBe(200);
  });
});

describe("faults of the webhook", () => {
  it("duplicate sends each POST that often", async () => {
    const posts = webhook();
    await faults({ webhook: { duplicate: 3 } });
    await write(USER, "hello");
    await eventually(() => expect(posts).toHaveLength(3));
    expect(new Set(posts.map((post) => post.body)).size).toBe(1);
  });

  it("hold keeps events back until it is cleared, and then sends them as one batch", async () => {
    const posts = webhook();
    await faults({ webhook: { hold: true } });
    for (const text of ["one", "two", "three"]) await write(USER, text);
    expect(posts).toHaveLength(0);
    await control("DELETE", "/faults");
    await eventually(() => expect(eventsOf(posts)).toHaveLength(3));
    expect(posts).toHaveLength(1);
  });

  it("batch.max_events makes small batches, and shuffle mixes what is inside one", async () => {
    const posts = webhook();
    const texts = Array.from({ length: 30 }, (_, index) => String(index));
    await faults({ webhook: { hold: true } });
    for (const text of texts) await write(USER, text);
    await faults({ webhook: { shuffle: true, batch: { max_events: 15 } } });
    await eventually(() => expect(eventsOf(posts)).toHaveLength(30));
    const arrived = eventsOf(posts).map((event) => event.message.text);
    expect(posts).toHaveLength(2);
    expect(arrived).not.toEqual(texts);
    expect(arrived.slice(0, 15).sort()).toEqual(texts.slice(0, 15).sort());
  });

  it("batch.wait_ms gathers events before the POST", async () => {
    const posts = webhook();
    await faults({ webhook: { batch: { wait_ms: 150 } } });
    await write(USER, "one");
    await write(USER, "two");
    await eventually(() => expect(eventsOf(posts)).toHaveLength(2));
    expect(posts).toHaveLength(1);
  });
});

it("refuses faults it does not know, by name", async () => {
  const answer = await faults({ graph: [{ outcome: "explode" }] });
  expect(answer.status).toBe(400);
  expect(answer.body.error.message).toContain("graph.0.outcome");
});
