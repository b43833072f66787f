import { execFileSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { freePort } from "../../scripts/processes.ts";
import { varsIn } from "../../src/cli/places/vars-file.ts";
import { newProject, type Project } from "./support/project.ts";

/** The command as a person gives it, with real processes: gateway, simulator and echo bot. */

let project: Project;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.end());

const CHECK = ["--local", "--simulator", "--check"];
const stepsOf = (output: string): string[] =>
  output.split("\n").flatMap((line) => /^[✓+·✗?] +(\S+)/.exec(line)?.slice(0, 1) ?? []);
const secrets = (): string[] =>
  [...varsIn(project.read(".dev.vars"))].flatMap(([name, value]) =>
    /SECRET|TOKEN|KEY/.test(name) ? [value, ...(value.match(/[\w+/=-]{30,}/g) ?? [])] : [],
  );

/** Everything that lists of processes show, as long as a promise is open. */
async function whileWatching<Value>(work: Promise<Value>): Promise<{ value: Value; seen: string }> {
  let seen = "";
  const watch = setInterval(() => {
    seen += execFileSync("ps", ["-eo", "args"], { encoding: "utf8" });
  }, 40);
  try {
    return { value: await work, seen };
  } finally {
    clearInterval(watch);
  }
}

describe("npm run setup -- --local --simulator --check", () => {
  it("takes a page from unknown to answering, in one command", async () => {
    const began = Date.now();
    const { code, stdout, stderr } = await project.setup(CHECK);
    expect(stderr).toBe("");
    expect(stdout).toContain("the page answered “echo: Hello”");
    expect(stepsOf(stdout).map((line) => line.replace(/ +/, " "))).toEqual([
      "+ Simulator",
      "✓ App",
      "✓ Page",
      "+ Settings",
      "+ Gateway",
      "+ Webhook",
      "+ Subscription",
      "· Profile",
      "+ Test",
    ]);
    expect(code).toBe(0);
    expect(Date.now() - began).toBeLessThan(30_000);
  });

  it("finds everything done when it is run again, and changes nothing", async () => {
    await project.setup(CHECK);
    const before = [project.read(".dev.vars"), project.read(".messengate/local.json")];
    const { code, stdout } = await project.setup(CHECK);
    expect(code).toBe(0);
    expect(stdout).toContain("✓ Settings      all there");
    expect(stdout).toMatch(/✓ Webhook .*\n✓ Subscription /);
    expect([project.read(".dev.vars"), project.read(".messengate/local.json")]).toEqual(before);
  });

  it("shows no secret: not in what it prints, not in the list of processes", async () => {
    const { value, seen } = await whileWatching(project.setup(CHECK));
    expect(seen).toContain("workerd");
    expect(secrets().length).toBeGreaterThan(6);
    for (const secret of secrets()) {
      expect(value.stdout + value.stderr).not.toContain(secret);
      expect(seen).not.toContain(secret);
    }
  });

  it("keeps what it writes from other users of the machine, and from the repository", async () => {
    await project.setup(CHECK);
    expect(statSync(project.path(".dev.vars")).mode & 0o777).toBe(0o600);
    expect(statSync(project.path(".messengate/local.json")).mode & 0o777).toBe(0o600);
    expect(project.read(".messengate/.gitignore")).toBe("*\n");
  });

  it("doesn't write secrets into a file that git would take", async () => {
    execFileSync("git", ["init", "--quiet"], { cwd: project.folder });
    const { code, stdout } = await project.setup(CHECK);
    expect(code).toBe(1);
    expect(stdout).toContain("[not_ignored]");
    expect(project.read(".dev.vars")).toBe("");
  });

  it("keeps what else stands in .dev.vars", async () => {
    writeFileSync(project.path(".dev.vars"), "# mine\nBOT_TIMEOUT_MS=5000 # short\n");
    expect((await project.setup(CHECK)).code).toBe(0);
    expect(project.read(".dev.vars")).toMatch(/^# mine\nBOT_TIMEOUT_MS=5000 # short\n/);
  });

  it("doesn't touch settings that are for Meta itself", async () => {
    const own = "META_APP_SECRET='the-real-one'\nMETA_APP_ID='1'\n";
    writeFileSync(project.path(".dev.vars"), own);
    const { code, stdout } = await project.setup(CHECK);
    expect(code).toBe(1);
    expect(stdout).toContain("[vars_of_meta]");
    expect(project.read(".dev.vars")).toBe(own);
  });

  it("doesn't take another program for its own", async () => {
    const other = createServer().listen(project.ports.gateway, "127.0.0.1");
    const { code, stdout } = await project.setup(CHECK);
    other.close();
    expect(code).toBe(1);
    expect(stdout).toContain(`Port ${project.ports.gateway} is in use. [port_in_use]`);
    expect(stdout).toContain("PORT");
  });

  it("answers programs with one document", async () => {
    const { stdout, stderr } = await project.setup([...CHECK, "--json"]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ ok: true, command: "setup", place: "local", trouble: null });
    expect(document.steps.at(-1)).toMatchObject({ step: "Test", mark: "done" });
    expect(stderr).toContain("the page answered");
  });

  it("fails where the bot doesn't answer", async () => {
    const { code, stdout } = await project.setup([...CHECK, "--bot-url", "http://127.0.0.1:9/"]);
    expect(code).toBe(1);
    expect(stdout).toContain("[test_failed]");
  }, 60_000);

  it("plays the page and app that are named", async () => {
    const { stdout } = await project.setup([...CHECK, "--app-id", "42", "--page-id", "4711"], {
      environment: { META_APP_SECRET: "chosen-app-secret", PAGE_ACCESS_TOKEN: "chosen-page-token" },
    });
    expect(stdout).toContain("plays Meta: app 42, page 4711");
    const vars = varsIn(project.read(".dev.vars"));
    expect(vars.get("META_APP_SECRET")).toBe("chosen-app-secret");
    expect(vars.get("PAGE_ACCESS_TOKEN_4711")).toBe("chosen-page-token");
  });

  it("finds its echo bot again when it moves to another port", async () => {
    await project.setup(CHECK);
    const environment = { BOT_PORT: String(await freePort()) };
    const { code, stdout } = await project.setup(CHECK, { environment });
    expect(stdout).toContain("set BOT_URL");
    expect(code).toBe(0);
  });
});

describe("a setup that was interrupted", () => {
  it.each(["+ Simulator", "+ Settings", "+ Gateway", "+ Webhook"])(
    "after “%s” is finished by the next",
    async (line) => {
      const begun = project.begin(CHECK);
      await vi.waitFor(() => expect(begun.output()).toContain(line), { timeout: 30_000, interval: 2 });
      begun.child.kill("SIGTERM");
      await begun.ended;
      const vars = project.read(".dev.vars");
      const { code, stdout } = await project.setup(CHECK);
      expect(stdout).toContain("the page answered");
      expect(code).toBe(0);
      // What was made before stays what it is.
      expect(project.read(".dev.vars").startsWith(vars)).toBe(true);
    },
  );
});

describe("npm run setup -- --local --simulator", () => {
  it("goes on until it is ended, shows how it stands, and ends with all it started", async () => {
    const begun = project.begin(["--local", "--simulator"]);
    await vi.waitFor(() => expect(begun.output()).toContain("Ctrl-C ends it."), {
      timeout: 30_000,
      interval: 20,
    });
    const looked = await project.setup(["--local", "--simulator", "--status"]);
    expect(looked.stdout.match(/^[✗?+]/gm)).toBeNull();
    expect(looked.code).toBe(0);

    const gateway = `http://127.0.0.1:${project.ports.gateway}/healthz`;
    expect((await fetch(gateway)).status).toBe(200);
    begun.child.kill("SIGINT");
    expect((await begun.ended).code).toBe(0);
    for (const port of Object.values(project.ports)) {
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    }
    const after = await project.setup(["--local", "--simulator", "--status"]);
    expect(after.stdout).toContain("✗ Gateway");
    expect(after.code).toBe(1);
  });

  it("has the profile of the file, which the gateway compares and applies", async () => {
    const config = (text: string) =>
      writeFileSync(
        project.path("messengate.config.json"),
        JSON.stringify({
          pages: {
            "100200300400500": { typing: false, profile: { greeting: [{ locale: "default", text }] } },
          },
        }),
      );
    config("Welcome");
    const begun = project.begin(["--local", "--simulator"]);
    await vi.waitFor(() => expect(begun.output()).toContain("Ctrl-C ends it."), {
      timeout: 30_000,
      interval: 20,
    });
    expect(begun.output()).toContain("+ Profile       page 100200300400500: set greeting");
    expect(varsIn(project.read(".dev.vars")).get("PAGE_SETTINGS")).toBe(
      '{"100200300400500":{"typing":false}}',
    );

    expect(await project.profile(["diff", "--local"])).toMatchObject({
      code: 0,
      stdout: "page 100200300400500: as the file has it\n",
    });
    config("Welcome back");
    const different = await project.profile(["diff", "--local"]);
    expect(different.code).toBe(1);
    expect(different.stdout).toContain('+ [{"locale":"default","text":"Welcome back"}]');
    expect(await project.profile(["apply", "--local", "--page", "100200300400500"])).toMatchObject({
      code: 0,
    });
    expect(JSON.parse((await project.profile(["diff", "--local", "--json"])).stdout)).toMatchObject([
      { changes: [] },
    ]);

    const refused = await project.profile(["diff", "--local"], {
      environment: { MESSENGATE_API_KEY: "not-a-key-of-this-gateway" },
    });
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("key_required");
    begun.child.kill("SIGTERM");
    await begun.ended;
  });
});

describe("npm run setup -- --local --simulator --undo", () => {
  it("asks first", async () => {
    await project.setup(CHECK);
    const { code, stdout } = await project.setup(["--local", "--simulator", "--undo"]);
    expect(code).toBe(1);
    expect(stdout).toContain("Give --yes.");
    expect((await project.setup(CHECK)).stdout).toContain("✓ Subscription");
  });

  it("ends the subscriptions, and deletes the secrets if told to", async () => {
    await project.setup(CHECK);
    const kept = await project.setup(["--local", "--simulator", "--undo", "--yes"]);
    expect(kept.code).toBe(0);
    expect(kept.stdout).toContain("+ Subscription  page 100200300400500 is unsubscribed");
    expect(kept.stdout).toMatch(/\+ Webhook .* is no longer called/);
    expect(project.read(".dev.vars")).toContain("META_APP_SECRET");
    expect((await project.setup(CHECK)).stdout).toContain("+ Subscription");

    await project.setup(["--local", "--simulator", "--undo", "--yes", "--delete-secrets"]);
    expect(varsIn(project.read(".dev.vars")).size).toBe(0);
    expect(project.read(".messengate/local.json")).toBe("");
  });
});

describe("npm run setup -- --local --simulator --rotate", () => {
  const value = (name: string) => varsIn(project.read(".dev.vars")).get(name) ?? "";

  it.each([
    ["signing-secret", "BOT_SIGNING_SECRET"],
    ["sealing-key", "SEALING_KEY"],
    ["api-keys", "API_KEYS"],
  ])("%s lets the old one be accepted until it is finished", async (what, name) => {
    await project.setup(CHECK);
    const old = value(name);
    const rotate = ["--local", "--simulator", `--rotate=${what}`];
    const { code, stdout } = await project.setup(rotate);
    expect(code).toBe(0);
    expect(stdout).not.toContain(value(name));
    expect(value(name)).not.toBe(old);
    expect(value(name).endsWith(old.replace(/^\[/, ""))).toBe(true);
    expect((await project.setup(rotate)).stdout).toContain("[rotation_open]");
    expect((await project.setup(CHECK)).stdout).toContain("the page answered");
    if (what === "sealing-key") return;
    expect((await project.setup([...rotate, "--finish"])).code).toBe(0);
    expect(value(name)).not.toContain(old.replace(/^\[|\]$/g, ""));
    expect((await project.setup(CHECK)).code).toBe(0);
  });

  it("sealing-key ends the old one only when the gateway has sealed everything anew", async () => {
    await project.setup(CHECK);
    const finish = ["--local", "--simulator", "--rotate=sealing-key", "--finish"];
    await project.setup(["--local", "--simulator", "--rotate=sealing-key"]);
    const both = value("SEALING_KEY");
    const refused = await project.setup(finish);
    expect(refused.stdout).toContain("[gateway_refused]");
    expect(value("SEALING_KEY")).toBe(both);

    const begun = project.begin(["--local", "--simulator"]);
    await vi.waitFor(() => expect(begun.output()).toContain("Ctrl-C ends it."), {
      timeout: 30_000,
      interval: 20,
    });
    const { code, stdout } = await project.setup(finish);
    begun.child.kill("SIGTERM");
    await begun.ended;
    expect(stdout).toContain("sealed anew under the new key");
    expect(code).toBe(0);
    expect(value("SEALING_KEY")).toBe(both.split(",")[0]);
  });

  it("signing-secret is taken by the gateway, the bot and the next run", async () => {
    await project.setup(CHECK);
    await project.setup(["--local", "--simulator", "--rotate=signing-secret"]);
    const { stdout } = await project.setup(CHECK);
    expect(stdout).toContain("✓ Settings      all there");
    expect(stdout).toContain("the page answered");
  });

  it("verify-token is in force when the gateway starts anew", async () => {
    await project.setup(CHECK);
    const old = value("META_VERIFY_TOKEN");
    await project.setup(["--local", "--simulator", "--rotate=verify-token"]);
    expect(value("META_VERIFY_TOKEN")).not.toBe(old);
    await project.setup(["--local", "--simulator", "--undo", "--yes"]);
    expect((await project.setup(CHECK)).stdout).toContain("Meta's handshake came back");
  });
});

describe("npm run setup -- --local --show-secrets", () => {
  it("prints them only when that is confirmed, and nothing else on standard output", async () => {
    await project.setup(CHECK);
    const refused = await project.setup(["--local", "--show-secrets"]);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toBe("");
    const shown = await project.setup(["--local", "--show-secrets", "--yes"]);
    expect(shown.stdout).toContain(
      `BOT_SIGNING_SECRET=${varsIn(project.read(".dev.vars")).get("BOT_SIGNING_SECRET")}\n`,
    );
    expect(shown.stdout.trim().split("\n")).toHaveLength(4);
  });
});
