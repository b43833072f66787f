import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort, type Running, serveWorker } from "../../scripts/processes.ts";
import { type BotStandIn, botStandIn } from "./support/stand-ins.ts";

/** That nothing is left of a person is seen in the bytes on the disk, of the shipped gateway beside the simulator. */

const PAGE = "100200300400500";
const APP = "900100200300";
const APP_SECRET = "app-secret-of-this-world";
const ADMIN = "admin-key-of-the-deletion-01";
const OPERATOR = "operator-key-of-deletion-001";

let simulator: Running;
let gateway: Running;
let bot: BotStandIn;
const dir = mkdtempSync(join(tmpdir(), "messengate-deletion-"));
const stateDir = join(dir, "gateway");

beforeAll(async () => {
  const signingSecret = `whsec_${randomBytes(32).toString("base64")}`;
  bot = botStandIn(signingSecret);
  await bot.up();
  const [port, simulatorPort] = [await freePort(), await freePort()];
  simulator = await serveWorker("simulator", simulatorPort, join(dir, "simulator"), {
    SIM_PAGES: JSON.stringify([{ id: PAGE, name: "Sample Page", token: "page-token-of-this-world" }]),
    SIM_APP_ID: APP,
    SIM_APP_SECRET: APP_SECRET,
    SIM_VERIFY_TOKEN: "verify-token-of-this-world",
    SIM_WEBHOOK_URL: `http://127.0.0.1:${port}/webhook`,
  });
  // Receipts would come after all is deleted: they are a new beginning.
  await control("PUT", "/settings", { receipts: { echo: true, delivery: false, read: "off" } });
  gateway = await serveWorker("gateway", port, stateDir, {
    META_APP_SECRET: APP_SECRET,
    META_APP_ID: APP,
    META_VERIFY_TOKEN: "verify-token-of-this-world",
    PAGE_ACCESS_TOKENS: JSON.stringify({ [PAGE]: "page-token-of-this-world" }),
    PAGE_SETTINGS: JSON.stringify({
      [PAGE]: { shadow: { bot: { url: `${bot.url}/shadow`, protocol: "native" }, percent: 100 } },
    }),
    API_KEYS: JSON.stringify([
      { name: "admin", key: ADMIN, role: "admin" },
      { name: "operator", key: OPERATOR, role: "operator" },
    ]),
    BOT_SIGNING_SECRET: signingSecret,
    BOT_URL: `${bot.url}/hook`,
    GRAPH_URL: simulator.url,
  });
});

afterAll(async () => {
  await Promise.all([gateway.end("SIGKILL"), simulator.end("SIGKILL"), bot.down()]);
  rmSync(dir, { recursive: true, force: true });
});

/** Orders the simulator about. */
async function control(method: string, path: string, body: unknown): Promise<void> {
  const response = await fetch(`${simulator.url}/_sim${path}`, { method, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}

const call = (path: string, body: unknown, key = ADMIN): Promise<Response> =>
  fetch(gateway.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  });

const eventually = (check: () => void | Promise<void>, timeout = 15_000) =>
  vi.waitFor(check, { timeout, interval: 50 });

interface Someone {
  id: string;
  /** By which their traces are known. */
  words: string;
  name: string;
}

const someone = (id: string): Someone => ({
  id,
  words: `words-of-${id}-nobody-else-says`,
  name: `Zenobia${id}`,
});

/** A person writes, is answered, and leaves their mark wherever there is one to leave. */
async function leavesTraces({ id, words, name }: Someone): Promise<void> {
  const requests = () => bot.requests.filter(({ conversation }) => conversation.user_id === id);
  await control("PUT", `/users/${id}`, { first_name: name });
  const answering = bot.respond;
  await control("POST", `/users/${id}/messages`, { text: words });
  const picture = { type: "image", url: `https://example.com/${words}.png` };
  await control("POST", `/users/${id}/messages`, { attachment: picture });
  await eventually(async () => {
    const listed = await call("/messages.list", { conversation_id: `${PAGE}_${id}` });
    expect(JSON.stringify(await listed.json())).toContain(`echo: ${words}`);
  });
  // A dead letter, with the bot's own words on it.
  bot.respond = () => ({ status: 400, body: { error: `what is ${words}?` } });
  await control("POST", `/users/${id}/messages`, { text: `${words} refused` });
  await eventually(async () => {
    const { data } = await (await call("/deliveries.list", {})).json();
    expect(JSON.stringify(data)).toContain(id);
  });
  // Something that waits at the gate of a bot that is gone.
  bot.respond = () => ({ status: 410 });
  const before = requests().length;
  await control("POST", `/users/${id}/messages`, { text: `${words} waits` });
  await eventually(() => expect(requests().length).toBeGreaterThan(before));
  await eventually(() => expect(filesWith(`${PAGE}_${id}`, "Page")).not.toEqual([]));
  bot.respond = answering;
}

/** The files under the gateway's state whose bytes have the text. @param objects of which class of objects; all if none */
function filesWith(text: string, objects = ""): string[] {
  return readdirSync(stateDir, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile() && file.parentPath.includes(objects))
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => bytesOf(path).includes(text))
    .map((path) => path.slice(stateDir.length + 1));
}

/** A file can go while it is looked for. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

/** The runtime's own list of alarms. It names the conversations that have one, and leaves the name when that is gone. */
const ALARMS = "messengate-Conversation/metadata.sqlite";

const tracesOf = ({ id, words, name }: Someone): string[] =>
  [id, words, name].flatMap((text) => filesWith(text)).filter((file) => !file.startsWith(ALARMS));

function signedRequest(person: string): URLSearchParams {
  const payload = { user_id: person, algorithm: "HMAC-SHA256", issued_at: Math.floor(Date.now() / 1000) };
  const content = Buffer.from(JSON.stringify(payload)).toString("base64url");
  const signature = createHmac("sha256", APP_SECRET).update(content).digest("base64url");
  return new URLSearchParams({ signed_request: `${signature}.${content}` });
}

describe("what is deleted", () => {
  const [byCall, atFacebook, bystander] = [someone("70017001"), someone("70027002"), someone("70037003")];

  it("leaves no trace on the disk, whether a call or the person at Facebook wants it", async () => {
    for (const one of [bystander, byCall, atFacebook]) {
      // Opens the gate that the last one's events have shut.
      await call("/deliveries.replay", { since: new Date(Date.now() + 60_000).toISOString() });
      await leavesTraces(one);
      expect(tracesOf(one).length).toBeGreaterThan(2);
    }

    const asked = { conversation_id: `${PAGE}_${byCall.id}` };
    expect((await call("/conversations.delete", asked, OPERATOR)).status).toBe(403);
    expect((await call("/conversations.export", asked)).status).toBe(200);
    expect((await call("/conversations.delete", asked)).status).toBe(204);
    expect((await call("/conversations.export", asked)).status).toBe(404);

    const form = { method: "POST", body: signedRequest(atFacebook.id) };
    const confirmed = await fetch(`${gateway.url}/data-deletion`, form);
    const { url } = (await confirmed.json()) as { url: string };
    await eventually(async () => {
      const status = await fetch(url, { headers: { accept: "application/json" } });
      expect(await status.json()).toMatchObject({ state: "done", conversations_deleted: 1 });
    });
    expect(await (await fetch(url)).text()).toContain("Your data has been deleted");

    // When all runs are over that could have been out, the page looks again, and falls asleep.
    await eventually(() => expect([...tracesOf(byCall), ...tracesOf(atFacebook)]).toEqual([]), 90_000);
    await gateway.end("SIGTERM");
    expect([...tracesOf(byCall), ...tracesOf(atFacebook)]).toEqual([]);
    // As docs/privacy.md says for who runs it on their own disk.
    const alarms = new DatabaseSync(join(stateDir, ALARMS));
    alarms.exec("VACUUM");
    alarms.close();
    for (const { id } of [byCall, atFacebook]) expect(filesWith(id)).toEqual([]);
    for (const text of [bystander.id, bystander.words, bystander.name])
      expect(filesWith(text)).not.toEqual([]);
  }, 150_000);
});
