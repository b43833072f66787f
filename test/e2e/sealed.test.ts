import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { OTHER_PAGES, PAGE, startWorld, type World } from "../conformance/support/world.ts";

/** That tokens are sealed is seen in the bytes on the disk, of the shipped gateway beside the simulator. */

const [SHOP] = OTHER_PAGES;
const TOKEN = `TOKEN-OF-${SHOP}`;
const key = () => randomBytes(32).toString("base64");
const [older, newer] = [key(), key()];
/** Read anew with every start. */
const settings = {
  SEALING_KEY: older,
  PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: `TOKEN-OF-${PAGE}` }),
};

let world: World;
beforeAll(async () => {
  world = await startWorld({}, settings);
});
afterAll(() => world.end());

/** Files in which these bytes stand; those that SQLite keeps beside its databases are among them. */
function filesWith(text: string): string[] {
  const files = readdirSync(world.dataDir, { recursive: true, withFileTypes: true });
  return files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => readFileSync(path).includes(text));
}

const sealedIn = () => filesWith("v1.").filter((path) => path.includes("messengate-Page"));

async function isAnswered(words: string): Promise<void> {
  const person = world.person(SHOP);
  await person.getsAnswer([{ message: { text: words } }]);
  expect((await person.seesOne()).text).toBe(words);
}

async function restartWith(sealingKey: string): Promise<void> {
  await world.stop();
  settings.SEALING_KEY = sealingKey;
  await world.restart();
}

it("a page's token stands nowhere in clear: not while it is used, not after, not in the log", async () => {
  const body = { page_id: SHOP, page_token: TOKEN };
  expect((await world.call("/channels.facebook.connect", body, "admin")).status).toBe(200);
  await isAnswered("Welcome");
  // Written, that is, and not only remembered.
  await vi.waitFor(() => expect(sealedIn()).not.toEqual([]));
  expect(filesWith(TOKEN)).toEqual([]);
  await world.stop();
  expect(sealedIn()).not.toEqual([]);
  expect(filesWith(TOKEN)).toEqual([]);
  expect(world.gateway.output()).not.toContain(TOKEN);
  await world.restart();
});

it("it is sealed anew when the key changes, and then the old one isn't needed any more", async () => {
  await restartWith(`${newer},${older}`);
  const resealed = await world.call("/channels.reseal", {}, "admin");
  expect(resealed).toMatchObject({ status: 200, body: { checked: 1, unopened: [] } });
  await restartWith(newer);
  await isAnswered("Welcome again");
  expect(filesWith(TOKEN)).toEqual([]);
});

it("without the key it was sealed under it is nobody's", async () => {
  await restartWith(key());
  const person = world.person(SHOP);
  await person.getsAnswer([{ message: { text: "never" } }]);
  await vi.waitFor(() => expect(world.gateway.output()).toContain("token_not_opened"));
  expect(await person.seen()).toEqual([]);
});
