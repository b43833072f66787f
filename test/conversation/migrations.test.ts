import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { MIGRATIONS } from "../../src/conversation/schema.ts";
import { freshConversation } from "../support/conversation.ts";

/** A released migration never changes: objects out there have run it. New ones are appended, with their hash. */
const FROZEN = ["08d317069435900c"];

it("never change once they are released", async () => {
  const hashes = await Promise.all(
    MIGRATIONS.map(async (sql) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(sql));
      return new Uint8Array(digest).toHex().slice(0, 16);
    }),
  );
  expect(hashes).toEqual(FROZEN);
});

it("run once per object, also when it is woken again", async () => {
  const stub = freshConversation();
  const tables = () =>
    runInDurableObject(
      stub,
      (_, { storage }) =>
        storage.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT'").toArray()
          .length,
    );
  expect(await tables()).toBe(4);
  await evictDurableObject(stub);
  expect(await tables()).toBe(4);
});
