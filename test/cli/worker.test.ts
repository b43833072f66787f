import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startEchoBot, startSimulator } from "../../scripts/parts.ts";
import { type Running, serveWorker } from "../../scripts/processes.ts";
import { tomlVars } from "../../src/cli/places/toml-vars.ts";
import { type Account, newProject, type Project, type Ran } from "./support/project.ts";

/**
 * A Worker at Cloudflare, but for Cloudflare: wrangler is a fake that keeps what it is given, and what it "deployed" is
 * served by workerd with exactly those secrets and variables. Meta is the simulator.
 */

const app = { id: "900100200300", secret: "app-secret-of-the-worker", verifyToken: "not-used-at-first" };
const page = { id: "100200300400500", name: "Sample Page", token: "page-token-of-the-worker" };

let project: Project & { account(): Account };
let parts: Running[];
let flags: string[];
const GIVEN = { META_APP_SECRET: app.secret, PAGE_ACCESS_TOKEN: page.token };

beforeEach(async () => {
  project = await newProject();
  parts = [];
  const { gateway, simulator, bot } = project.ports;
  const webhookUrl = `http://127.0.0.1:${gateway}/webhook`;
  parts.push(await startSimulator(simulator, join(project.folder, "simulator"), { app, page, webhookUrl }));
  await fetch(`http://127.0.0.1:${simulator}/v25.0/${page.id}/subscribed_apps?access_token=${page.token}`, {
    method: "DELETE",
  });
  flags = [
    ...["--app-id", app.id, "--graph-url", `http://127.0.0.1:${simulator}`],
    ...["--bot-url", `http://127.0.0.1:${bot}/`, "--public-url", `http://127.0.0.1:${gateway}`],
  ];
});
afterEach(async () => {
  await Promise.all(parts.map((part) => part.end("SIGKILL")));
  project.end();
});

/** Serves what the fake Cloudflare has, as soon as it is deployed. */
async function serve(): Promise<void> {
  await vi.waitFor(() => expect(project.account().deploys).toBeGreaterThan(0), {
    timeout: 20_000,
    interval: 10,
  });
  const variables = Object.fromEntries(tomlVars(project.read("wrangler.toml"), "production"));
  const { secrets } = project.account();
  const settings = { ...variables, ...secrets };
  const { gateway, bot } = project.ports;
  parts.push(await startEchoBot(bot, settings["BOT_SIGNING_SECRET"] ?? ""));
  parts.push(await serveWorker("gateway", gateway, join(project.folder, "gateway"), settings));
}

async function setUp(...more: string[]): Promise<Ran> {
  const [ran] = await Promise.all([project.setup([...flags, ...more], { environment: GIVEN }), serve()]);
  return ran;
}

/** Everything that must not be seen. */
const secretsOf = ({ secrets }: Account): string[] =>
  Object.values(secrets ?? {}).flatMap((value) => [value, ...(value.match(/[\w+/=-]{30,}/g) ?? [])]);

describe("npm run setup, for a Worker", () => {
  it("writes secrets and variables, deploys, registers and subscribes, until the page answers", async () => {
    const { code, stdout } = await setUp("--yes");
    expect(stdout).toContain("the page answered “echo: Hello”");
    expect(code).toBe(0);
    expect(Object.keys(project.account().secrets ?? {}).sort()).toEqual([
      "API_KEYS",
      "BOT_SIGNING_SECRET",
      "META_APP_SECRET",
      "META_VERIFY_TOKEN",
      `PAGE_ACCESS_TOKEN_${page.id}`,
      "SEALING_KEY",
    ]);
    expect(tomlVars(project.read("wrangler.toml"), "production").get("META_APP_ID")).toBe(app.id);
  });

  it("hands no secret to wrangler but by standard input, and prints none", async () => {
    const { stdout, stderr } = await setUp("--yes");
    const account = project.account();
    for (const secret of secretsOf(account)) {
      expect(stdout + stderr).not.toContain(secret);
      for (const { args, environment } of account.calls) {
        expect(args.join(" ")).not.toContain(secret);
        expect(Object.values(environment).join(" ")).not.toContain(secret);
      }
    }
    expect(account.calls.filter(({ input }) => input !== "")).toHaveLength(1);
  });

  it("keeps what Cloudflare gives back to nobody, and nothing that Meta gives", async () => {
    await setUp("--yes");
    const record = project.read(".messengate/production.json");
    const { secrets } = project.account();
    for (const name of ["BOT_SIGNING_SECRET", "API_KEYS", "SEALING_KEY", "META_VERIFY_TOKEN"]) {
      expect(JSON.parse(record).kept[name]).toBe(secrets?.[name]);
    }
    expect(record).not.toContain(app.secret);
    expect(record).not.toContain(page.token);
  });

  it("changes nothing when it is run again", async () => {
    await setUp("--yes");
    const before = project.account();
    const files = [project.read("wrangler.toml"), project.read(".messengate/production.json")];
    const { code, stdout } = await project.setup([...flags, "--yes"], { environment: GIVEN });
    expect(code).toBe(0);
    expect(stdout).toContain("✓ Settings      all there (messengate)");
    expect(stdout).toMatch(/✓ Gateway .*\n✓ Webhook .*\n✓ Subscription /);
    expect(project.account()).toMatchObject({ deploys: before.deploys, secrets: before.secrets });
    expect(
      project.account().calls.some(({ args }, call) => call >= before.calls.length && args[1] === "bulk"),
    ).toBe(false);
    expect([project.read("wrangler.toml"), project.read(".messengate/production.json")]).toEqual(files);
  });

  it("needs a page's token but once: it can't be read back, and the gateway looks after the page", async () => {
    await setUp("--yes");
    const { secrets } = project.account();
    const { code, stdout } = await project.setup([...flags, "--yes"], {
      environment: { META_APP_SECRET: app.secret },
    });
    expect(stdout).toContain(`✓ Subscription  page ${page.id}: the gateway finds it in order`);
    expect(code).toBe(0);
    expect(project.account().secrets).toEqual(secrets);
  });

  it("deploys anew what has changed", async () => {
    await setUp("--yes");
    const { deploys } = project.account();
    await project.setup([...flags, "--yes", "--bot-protocol", "native"], { environment: GIVEN });
    expect(project.account().deploys).toBe(deploys + 1);
    expect(tomlVars(project.read("wrangler.toml"), "production").get("BOT_PROTOCOL")).toBe("native");
  });

  it("takes secrets that are given instead of making them", async () => {
    const own = `whsec_${randomBytes(32).toString("base64")}`;
    const [{ code }] = await Promise.all([
      project.setup([...flags, "--yes"], { environment: { ...GIVEN, BOT_SIGNING_SECRET: own } }),
      serve(),
    ]);
    expect(code).toBe(0);
    expect(project.account().secrets?.["BOT_SIGNING_SECRET"]).toBe(own);
  });

  it("keeps secrets that are there and that it knows nothing of", async () => {
    await setUp("--yes");
    const { secrets } = project.account();
    rmSync(project.path(".messengate"), { recursive: true });
    const { code, stdout } = await project.setup([...flags, "--yes"], { environment: GIVEN });
    expect(code).toBe(0);
    expect(stdout).toContain("kept BOT_SIGNING_SECRET, API_KEYS, SEALING_KEY");
    const now = project.account().secrets;
    for (const name of ["BOT_SIGNING_SECRET", "API_KEYS", "SEALING_KEY"])
      expect(now?.[name]).toBe(secrets?.[name]);
  });

  it.each(["whoami", "secret", "deploy"])(
    "interrupted within wrangler %s, is finished by the next run",
    async (command) => {
      const file = project.path(".cloudflare.json");
      writeFileSync(file, JSON.stringify({ ...project.account(), hangs: command }));
      const begun = project.begin([...flags, "--yes"], { environment: GIVEN });
      await vi.waitFor(() => expect(project.account().calls.at(-1)?.args[0]).toBe(command), {
        timeout: 20_000,
        interval: 5,
      });
      begun.child.kill("SIGKILL");
      await begun.ended;
      writeFileSync(file, JSON.stringify({ ...project.account(), hangs: null }));
      const kept = project.read(".messengate/production.json");
      const { code } = await setUp("--yes");
      expect(code).toBe(0);
      // What was made before the interruption is what the Worker has.
      const signing = kept === "" ? undefined : JSON.parse(kept).kept.BOT_SIGNING_SECRET;
      if (signing !== undefined) expect(project.account().secrets?.["BOT_SIGNING_SECRET"]).toBe(signing);
    },
  );

  it("says what wrangler said, without the secrets", async () => {
    const file = project.path(".cloudflare.json");
    const trouble = { deploy: `✘ [ERROR] quota of ${app.secret} exceeded` };
    writeFileSync(file, JSON.stringify({ ...project.account(), trouble }));
    const { code, stdout } = await project.setup([...flags, "--yes"], { environment: GIVEN });
    expect(code).toBe(1);
    expect(stdout).toContain("✘ [ERROR] quota of ••• exceeded");
    expect(stdout).toContain("[deploy_failed]");
  });

  it("stops before anything else when nobody is logged in", async () => {
    writeFileSync(project.path(".cloudflare.json"), JSON.stringify({ ...project.account(), email: null }));
    const { code, stdout } = await project.setup([...flags, "--yes"], { environment: GIVEN });
    expect(code).toBe(1);
    expect(stdout).toContain("[not_logged_in]");
    expect(project.account().secrets).toBeNull();
  });

  it("stops at a wrong app secret, before anything is changed", async () => {
    const wrong = { ...GIVEN, META_APP_SECRET: "another-secret" };
    const { code, stdout } = await project.setup([...flags, "--yes"], { environment: wrong });
    expect(code).toBe(1);
    expect(stdout).toContain("[app_secret_wrong]");
    expect(stdout).not.toContain("another-secret");
    expect(project.account().secrets).toBeNull();
    expect(project.read("wrangler.toml")).toContain('BOT_URL = ""');
  });

  it("says what is missing where nobody can be asked", async () => {
    for (const [without, hint] of [
      ["META_APP_SECRET", "Set META_APP_SECRET"],
      ["PAGE_ACCESS_TOKEN", "PAGE_ACCESS_TOKEN"],
    ] as const) {
      const { code, stdout } = await project.setup(flags, { environment: { ...GIVEN, [without]: "" } });
      expect(code).toBe(1);
      expect(stdout).toContain("[answer_missing]");
      expect(stdout).toContain(hint);
    }
  });

  it("takes secrets from files and from standard input", async () => {
    writeFileSync(project.path("token.txt"), `${page.token}\n`);
    const [{ code }] = await Promise.all([
      project.setup([...flags, "--yes", "--app-secret-file", "-", "--page-token-file", "token.txt"], {
        input: `${app.secret}\n`,
      }),
      serve(),
    ]);
    expect(code).toBe(0);
    expect(project.account().secrets).toMatchObject({
      META_APP_SECRET: app.secret,
      [`PAGE_ACCESS_TOKEN_${page.id}`]: page.token,
    });
  });

  it("doesn't take an app's webhooks away from another gateway unasked", async () => {
    const { simulator, gateway } = project.ports;
    const graph = `http://127.0.0.1:${simulator}/v25.0/${app.id}/subscriptions`;
    await setUp("--yes");
    const elsewhere = new URLSearchParams({
      ...{
        object: "page",
        fields: "messages",
        verify_token: project.account().secrets?.["META_VERIFY_TOKEN"] ?? "",
      },
      ...{ callback_url: `http://localhost:${gateway}/webhook`, access_token: `${app.id}|${app.secret}` },
    });
    expect((await fetch(graph, { method: "POST", body: elsewhere })).status).toBe(200);

    const refused = await project.setup(flags, { environment: GIVEN });
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(
      `The app's webhooks go to http://localhost:${gateway}/webhook. [webhook_elsewhere]`,
    );
    const taken = await project.setup([...flags, "--yes"], { environment: GIVEN });
    expect(taken.code).toBe(0);
    expect(JSON.parse(project.read(".messengate/production.json")).webhook.before).toBe(
      `http://localhost:${gateway}/webhook`,
    );
  });
});

describe("a Worker that is set up", () => {
  it("shows how it stands, rotates, and is undone", async () => {
    await setUp("--yes");
    const look = () => project.setup([...flags, "--status"], { environment: GIVEN });
    const before = project.account();
    expect((await look()).stdout.match(/^[✗?+]/gm)).toBeNull();
    expect((await look()).code).toBe(0);
    expect(project.account()).toMatchObject({ deploys: before.deploys, secrets: before.secrets });

    const rotate = (...more: string[]) =>
      project.setup([...flags, "--rotate=signing-secret", ...more], { environment: GIVEN });
    const old = before.secrets?.["BOT_SIGNING_SECRET"];
    expect((await rotate()).code).toBe(0);
    const [fresh, behind] = project.account().secrets?.["BOT_SIGNING_SECRET"]?.split(" ") ?? [];
    expect(behind).toBe(old);
    expect((await rotate("--finish")).code).toBe(0);
    expect(project.account().secrets?.["BOT_SIGNING_SECRET"]).toBe(fresh);

    const undone = await project.setup([...flags, "--undo", "--yes"], { environment: GIVEN });
    expect(undone.code).toBe(0);
    // With these it would subscribe again by itself.
    expect(Object.keys(project.account().secrets ?? {}).sort()).toEqual([
      "API_KEYS",
      "BOT_SIGNING_SECRET",
      "META_VERIFY_TOKEN",
      "SEALING_KEY",
    ]);
    await project.setup([...flags, "--undo", "--yes", "--delete-secrets"], { environment: GIVEN });
    expect(project.account().secrets).toEqual({});
    expect(project.read(".messengate/production.json")).toBe("");
    const graph = `http://127.0.0.1:${project.ports.simulator}/v25.0`;
    const subscriptions = await fetch(
      `${graph}/${app.id}/subscriptions?access_token=${app.id}|${app.secret}`,
    );
    expect(await subscriptions.json()).toEqual({ data: [] });
  });

  it("takes a new app secret beside the old one, if that is known", async () => {
    await setUp("--yes");
    // At Meta, the secret has been reset.
    const rotate = (environment: Record<string, string>) =>
      project.setup([...flags, "--rotate=app-secret"], { environment });
    const unknown = await rotate({ META_APP_SECRET: app.secret });
    expect(unknown.stdout).toContain("[old_value_unknown]");
    const { code } = await rotate({ META_APP_SECRET: app.secret, META_APP_SECRET_OLD: "the-one-before" });
    expect(code).toBe(0);
    expect(project.account().secrets?.["META_APP_SECRET"]).toBe(`${app.secret},the-one-before`);
  });

  it("has an environment of its own for staging", async () => {
    const toml = project.read("wrangler.toml").replaceAll("env.staging", "env.elsewhere");
    writeFileSync(project.path("wrangler.toml"), toml);
    const { code, stdout } = await project.setup([...flags, "--env", "staging", "--yes"], {
      environment: GIVEN,
    });
    expect(code).toBe(1);
    expect(stdout).toContain("[no_such_environment]");
    expect(readFileSync(project.path("wrangler.toml"), "utf8")).toBe(toml);
  });
});
