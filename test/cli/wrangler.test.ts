import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Wrangler } from "../../src/cli/places/wrangler.ts";
import { type Account, putFakeWrangler } from "./support/project.ts";

let folder: string;
let wrangler: Wrangler;

function account(): Account {
  return JSON.parse(readFileSync(join(folder, "account.json"), "utf8"));
}
function put(change: Partial<Account>): void {
  const none: Account = {
    email: "dev@shop.example",
    secrets: null,
    deploys: 0,
    targets: [],
    trouble: {},
    hangs: null,
    calls: [],
  };
  writeFileSync(join(folder, "account.json"), JSON.stringify({ ...none, ...change }));
}

const environment = () => ({
  PATH: [folder, dirname(process.execPath), process.env["PATH"]].join(":"),
  FAKE_CLOUDFLARE: join(folder, "account.json"),
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "messengate-wrangler-"));
  putFakeWrangler(folder);
  put({});
  // Where its own temporary files go.
  vi.stubEnv("TMPDIR", folder);
  wrangler = new Wrangler(folder, "staging", environment());
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe("wrangler", () => {
  it("gets secrets by standard input, and none as an argument", async () => {
    await wrangler.putSecrets({ META_APP_SECRET: "the-app-secret", OLD: null });
    const [call] = account().calls;
    expect(call?.args).toEqual(["secret", "bulk", "--env=staging"]);
    expect(JSON.parse(call?.input ?? "")).toEqual({ META_APP_SECRET: "the-app-secret", OLD: null });
    expect(account().secrets).toEqual({ META_APP_SECRET: "the-app-secret" });
  });

  it("tells where it deployed, and leaves no file behind", async () => {
    put({ targets: ["schedule: */15 * * * *", "https://messengate.shop.workers.dev"] });
    expect((await wrangler.deploy()).find((one) => one.startsWith("https://"))).toBe(
      "https://messengate.shop.workers.dev",
    );
    expect(account().calls[0]?.args).toEqual(["deploy", "--env=staging"]);
    expect(readdirSync(folder).filter((name) => name.startsWith("messengate-deploy-"))).toEqual([]);
  });

  it("names the top level, where production is, by nothing", async () => {
    await new Wrangler(folder, "production", environment()).secrets();
    expect(account().calls[0]?.args.at(-1)).toBe("--env=");
  });

  it("finds no secrets where there is no Worker yet", async () => {
    expect(await wrangler.secrets()).toEqual([]);
    put({ secrets: { API_KEYS: "x" } });
    expect(await wrangler.secrets()).toEqual(["API_KEYS"]);
  });

  it("knows when nobody is logged in", async () => {
    expect(await wrangler.whoami()).toBe("dev@shop.example");
    put({ email: null });
    expect(await wrangler.whoami()).toBeUndefined();
  });

  it("passes on what wrangler says when it fails", async () => {
    put({ trouble: { deploy: "✘ [ERROR] Script startup exceeded CPU limit." } });
    await expect(wrangler.deploy()).rejects.toMatchObject({
      code: "deploy_failed",
      message: expect.stringContaining("exceeded CPU limit"),
    });
  });
});
