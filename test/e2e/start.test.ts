import { type ChildProcess, spawn } from "node:child_process";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ROOT } from "../../scripts/bundle.ts";
import { freePort } from "../../scripts/processes.ts";
import { openBrowser, skipBrowser } from "./support/browser.ts";

/** `npm start` as a person runs it: one process that starts gateway, simulator and echo bot. */
let child: ChildProcess;
let simulator: string;
let gateway: string;
let output = "";

beforeAll(async () => {
  const [port, simulatorPort, botPort] = [await freePort(), await freePort(), await freePort()];
  gateway = `http://127.0.0.1:${port}`;
  simulator = `http://127.0.0.1:${simulatorPort}`;
  child = spawn(process.execPath, ["scripts/start.ts"], {
    cwd: ROOT,
    env: {
      ...process.env,
      PORT: String(port),
      SIMULATOR_PORT: String(simulatorPort),
      BOT_PORT: String(botPort),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => (output += String(text)));
  await vi.waitFor(() => expect(output).toContain("Messengate is running"), {
    timeout: 50_000,
    interval: 50,
  });
});

afterAll(async () => {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await gone;
});

interface Thread {
  messages: { from: string; text?: string; status: string }[];
}
const thread = async (user: string): Promise<Thread> =>
  (await fetch(`${simulator}/_sim/users/${user}/thread`)).json();
const say = (user: string, body: unknown) =>
  fetch(`${simulator}/_sim/users/${user}/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const eventually = <T>(check: () => T | Promise<T>, timeout = 10_000) =>
  vi.waitFor(check, { timeout, interval: 10 });

describe("npm start", () => {
  it("prints the pages to open, and no secret", async () => {
    expect(output).toContain(simulator);
    expect(output).not.toMatch(/whsec_|SIM[0-9a-f]{20}/);
    expect((await fetch(`${gateway}/healthz`)).status).toBe(200);
  });

  it("carries a user's words to the bot and its reply back within a second", async () => {
    const began = Date.now();
    expect((await say("7001", { text: "Hello" })).ok).toBe(true);
    await eventually(async () => {
      const { messages } = await thread("7001");
      expect(messages.map(({ from, text }) => [from, text])).toEqual([
        ["user", "Hello"],
        ["page", "echo: Hello"],
      ]);
    });
    expect(Date.now() - began).toBeLessThan(1000);
  });

  it("carries postbacks, quick replies and attachments too, in order", async () => {
    await say("7002", { get_started: true });
    await say("7002", { quick_reply: { title: "Red", payload: "COLOR_RED" } });
    await say("7002", { attachment: { type: "image", url: "https://cdn.example/a.png" } });
    await eventually(async () => {
      const replies = (await thread("7002")).messages.filter(({ from }) => from === "page");
      expect(replies).toHaveLength(3);
      expect(replies[1]?.text).toContain("COLOR_RED");
      expect(replies[2]?.text).toContain("image");
    });
  });

  it("settles its sends by echo, delivery and read without bothering the user again", async () => {
    await say("7003", { text: "once" });
    await eventually(async () => {
      const { data } = await (await fetch(`${simulator}/_sim/deliveries`)).json();
      expect(data.every((one: { status: number }) => one.status === 200)).toBe(true);
      expect((await thread("7003")).messages.at(-1)).toMatchObject({ from: "page", status: "seen" });
    });
    expect((await thread("7003")).messages).toHaveLength(2);
  });

  it("delivers what was said while the gateway was away, and starts it again", async () => {
    const { stdout } = await new Promise<{ stdout: string }>((resolve, reject) => {
      const search = spawn("pgrep", ["-P", String(child.pid)], { stdio: ["ignore", "pipe", "ignore"] });
      let text = "";
      search.stdout.on("data", (part) => (text += String(part)));
      search.once("error", reject).once("exit", () => resolve({ stdout: text }));
    });
    const [first] = stdout.trim().split("\n").map(Number);
    if (first === undefined) throw new Error("npm start has no children");
    process.kill(first, "SIGKILL");
    await say("7004", { text: "are you there?" });
    await eventually(async () => {
      expect((await thread("7004")).messages.at(-1)).toMatchObject({
        from: "page",
        text: "echo: are you there?",
      });
    }, 20_000);
    expect(output).toMatch(/gateway ended .* starting it again/);
  });
});

describe.skipIf(skipBrowser)("the chat page", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  for (const [device, viewport] of [
    ["a desk", { width: 1280, height: 800 }],
    ["a phone", { width: 375, height: 667 }],
  ] as const) {
    it(`lets a person talk to the bot, on ${device}`, async () => {
      const user = String(7100 + viewport.width);
      const page = await browser.newPage({ viewport });
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));

      await page.goto(`${simulator}/?user=${user}`);
      await page.getByTestId("composer").fill("Grüß Gott <b>🚀</b>");
      await page.getByTestId("send").click();
      const replies = page.locator('[data-testid="thread"] [data-from="page"]');
      await replies.filter({ hasText: "echo: Grüß Gott <b>🚀</b>" }).waitFor();
      await page.getByTestId("composer").fill("And again");
      await page.getByTestId("composer").press("Enter");
      await replies.filter({ hasText: "echo: And again" }).waitFor();

      expect(await page.locator('[data-testid="thread"] [data-from="user"]').count()).toBe(2);
      expect(await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")).toBe(true);
      expect(faults).toEqual([]);
      await page.close();
    });
  }
});
