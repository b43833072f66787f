import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../scripts/bundle.ts";
import { freePort, type Running, start } from "../../scripts/processes.ts";
import { PAGE, text } from "../fixtures/events.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const ROTATED = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
const hasPython = spawnSync("python3", ["--version"]).status === 0;

const BOTS = [
  { name: "echo-bot", program: process.execPath, file: "examples/echo-bot/server.mjs", isHere: true },
  {
    name: "echo-bot-python",
    program: "python3",
    file: "examples/echo-bot-python/server.py",
    isHere: hasPython,
  },
];

for (const { name, program, file, isHere } of BOTS) {
  describe.skipIf(!isHere && process.env["CI"] === undefined)(`examples/${name}`, () => {
    let bot: Running;
    beforeAll(async () => {
      const port = await freePort();
      bot = await start(
        program,
        [join(ROOT, file)],
        { PORT: String(port), BOT_SIGNING_SECRET: `${SECRET} ${ROTATED}` },
        port,
        "/healthz",
      );
    });
    afterAll(() => bot?.end());

    const body = (events: unknown[], state: unknown = null) =>
      JSON.stringify({
        type: "conversation.events",
        timestamp: new Date().toISOString(),
        data: {
          conversation: { id: `${PAGE}_7001`, page_id: PAGE, user_id: "7001", state, state_version: 0 },
          events,
        },
      });
    const event = (type: string, raw: unknown) => ({ id: "m_1", type, timestamp: Date.now(), raw });
    const ask = (
      content: string,
      { id = `msg_${Math.random()}`, secret = SECRET, at = new Date(), signed = content } = {},
    ) =>
      fetch(bot.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "webhook-id": id,
          "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
          "webhook-signature": new Webhook(secret).sign(id, at, signed),
        },
        body: content,
      });
    const hello = body([event("message", text("m_1", "Grüß Gott 🚀"))]);

    it("echoes what the gateway signed, under each secret of a rotation", async () => {
      for (const secret of [SECRET, ROTATED]) {
        const response = await ask(hello, { secret });
        expect(response.status).toBe(200);
        expect((await response.json()).messages).toEqual([{ text: "echo: Grüß Gott 🚀" }]);
      }
    });

    it("refuses what is forged, changed or stale", async () => {
      const stale = new Date(Date.now() - 10 * 60_000);
      const attempts = [
        ask(hello, { secret: `whsec_${Buffer.alloc(32, 9).toString("base64")}` }),
        ask(hello, { signed: `${hello} ` }),
        ask(hello, { at: stale }),
      ];
      for (const response of await Promise.all(attempts)) expect(response.status).toBe(401);
      expect((await fetch(bot.url, { method: "POST", body: hello })).status).toBe(401);
    });

    it("gives a redelivery the answer it gave before", async () => {
      const first = await (await ask(hello, { id: "msg_again" })).json();
      expect(await (await ask(hello, { id: "msg_again" })).json()).toEqual(first);
    });

    it("has nothing to say to receipts and echoes", async () => {
      const quiet = body([
        event("delivery", { delivery: { watermark: 1 } }),
        event("echo", text("m_2", "no")),
        event("read", { read: {} }),
      ]);
      const response = await ask(quiet);
      expect(response.status).toBe(200);
      expect((await response.json()).messages ?? []).toEqual([]);
    });

    it("does not start without a secret, and says why", () => {
      const { status, stderr, stdout } = spawnSync(program, [join(ROOT, file)], {
        env: { PATH: process.env["PATH"] ?? "" },
        encoding: "utf8",
      });
      expect(status).not.toBe(0);
      expect(stderr + stdout).toContain("BOT_SIGNING_SECRET");
    });
  });
}
