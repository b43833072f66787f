import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { messengerOf } from "../../src/simulator/environment.ts";
import { control, eventsOf, eventually, freshSimulator, threadOf, webhook, write } from "./world.ts";

beforeEach(freshSimulator);

it("loses nothing when the simulator stops: threads and undelivered events are still there", async () => {
  const posts = webhook();
  await control("PUT", "/faults", { webhook: { batch: { wait_ms: 60_000 } } });
  await write("7001", "before the stop");
  await evictDurableObject(messengerOf(env));

  expect(posts).toHaveLength(0);
  expect((await threadOf("7001")).messages[0].text).toBe("before the stop");
  await control("DELETE", "/faults");
  await eventually(() => expect(eventsOf(posts)).toHaveLength(1));
});

it("takes up a failed POST by its alarm after the object was evicted", async () => {
  const posts = webhook((_post, index) => new Response("", { status: index === 0 ? 500 : 200 }));
  await write("7001", "hello");
  await eventually(async () => expect((await control("GET", "/deliveries")).body.data).not.toHaveLength(0));
  await evictDurableObject(messengerOf(env));
  await runDurableObjectAlarm(messengerOf(env));
  await eventually(() => expect(posts).toHaveLength(2));
  expect(posts[1]?.body).toBe(posts[0]?.body);
});
