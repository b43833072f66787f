import { randomBytes } from "node:crypto";
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startEchoBot, startSimulator } from "../../scripts/parts.ts";
import type { Running } from "../../scripts/processes.ts";
import { main } from "../../src/cli/main.ts";
import { varsIn } from "../../src/cli/places/vars-file.ts";
import { newProject, type Project } from "./support/project.ts";

/** The wizard with a person at the terminal: questions are answered by keys, as they come up. */

const app = { id: "900100200300", secret: "app-secret-that-is-typed", verifyToken: "unused" };
const signingSecret = `whsec_${randomBytes(32).toString("base64")}`;
const page = { id: "100200300400500", name: "Sample Page", token: "page-token-that-is-typed" };

let project: Project;
let simulator: Running;
let bot: Running;
let input: PassThrough;
let shown: string;
let end: () => Promise<void>;

beforeEach(async () => {
  project = await newProject();
  input = new PassThrough();
  shown = "";
  end = () => Promise.resolve();
  const webhookUrl = `http://127.0.0.1:${project.ports.gateway}/webhook`;
  simulator = await startSimulator(project.ports.simulator, project.path("simulator"), {
    app,
    page,
    webhookUrl,
  });
  bot = await startEchoBot(project.ports.bot, signingSecret);
});
afterEach(async () => {
  await end();
  await Promise.all([simulator.end("SIGKILL"), bot.end("SIGKILL")]);
  project.end();
});

/** Begins the command; `answer` waits for a question, and types. */
function begin(argv: string[]) {
  const output = new PassThrough();
  output.setEncoding("utf8").on("data", (text: string) => {
    shown += stripVTControlCharacters(text);
  });
  const outcome = main([...argv, "--local", "--check", "--graph-url", simulator.url], {
    input,
    output,
    errors: output,
    isAttended: true,
    environment: {
      PATH: process.env["PATH"],
      PORT: String(project.ports.gateway),
      BOT_SIGNING_SECRET: signingSecret,
      FACEBOOK_URL: simulator.url,
    },
    folder: project.folder,
    onStart: (how) => {
      end = how;
    },
  });
  const answer = async (question: string, keys: string) => {
    await vi.waitFor(() => expect(shown).toContain(question), { timeout: 20_000, interval: 5 });
    for (const key of keys) input.write(key);
  };
  return { outcome, answer };
}

describe("the wizard", () => {
  it("asks for what it needs, one after the other, and says what it will do before it does it", async () => {
    const { outcome, answer } = begin([]);
    await answer("App ID", `${app.id}\r`);
    await answer("App secret", `${app.secret}\r`);
    // The second way: paste a token.
    await answer("How is the page connected?", "j\r");
    await answer("Page access token:", `${page.token}\r`);
    await answer("Your bot's address", `${bot.url}/\r`);
    await answer("Set up the gateway on this machine", "n");
    const { code } = await outcome;
    expect(code).toBe(1);
    expect(shown).toContain("Nothing was changed. [cancelled]");
    expect(project.read(".dev.vars")).toBe("");
  });

  it("shows no secret that is typed", async () => {
    const { outcome, answer } = begin(["--app-id", app.id, "--bot-url", `${bot.url}/`]);
    await answer("App secret", `${app.secret}\r`);
    await answer("How is the page connected?", "j\r");
    await answer("Page access token:", `${page.token}\r`);
    await answer("Set up the gateway on this machine", "y");
    expect((await outcome).code).toBe(0);
    expect(shown).not.toContain(app.secret);
    expect(shown).not.toContain(page.token);
    const vars = varsIn(project.read(".dev.vars"));
    expect(vars.get("META_APP_SECRET")).toBe(app.secret);
    expect(vars.get(`PAGE_ACCESS_TOKEN_${page.id}`)).toBe(page.token);
  });

  it("doesn't take an answer that can't be one", async () => {
    const { outcome, answer } = begin([]);
    await answer("App ID", "my app\r");
    await answer("It is made of digits.", "\u0003");
    expect((await outcome).code).toBe(1);
    expect(shown).toContain("[cancelled]");
  });

  it("logs in at Facebook, and lets the person choose among their pages", async () => {
    const { outcome, answer } = begin(["--app-id", app.id, "--no-browser", "--bot-url", `${bot.url}/`]);
    await answer("App secret", `${app.secret}\r`);
    await answer("How is the page connected?", "\r");
    await vi.waitFor(() => expect(shown).toContain("dialog/oauth"), { timeout: 10_000, interval: 5 });
    const [dialog = ""] = /http:\S+\/dialog\/oauth\S+/.exec(shown) ?? [];
    // The simulator's dialog agrees at once, and sends the browser back to the terminal.
    const back = await fetch(dialog);
    expect(await back.text()).toContain("Go on in the terminal.");
    await answer("Set up the gateway on this machine", "y");
    expect((await outcome).code).toBe(0);
    expect(varsIn(project.read(".dev.vars")).get(`PAGE_ACCESS_TOKEN_${page.id}`)).toBe(page.token);
  });

  it("asks before it ends anything", async () => {
    const environment = {
      META_APP_SECRET: app.secret,
      PAGE_ACCESS_TOKEN: page.token,
      BOT_SIGNING_SECRET: signingSecret,
    };
    const flags = ["--local", "--graph-url", simulator.url, "--app-id", app.id, "--bot-url", `${bot.url}/`];
    await project.setup([...flags, "--check", "--yes"], { environment });
    const { outcome, answer } = begin(["--undo"]);
    await answer("End the subscriptions of app", "n");
    expect((await outcome).code).toBe(1);
    const looked = await project.setup([...flags, "--status"], { environment });
    expect(looked.stdout).toContain("✓ Webhook");
  });
});
