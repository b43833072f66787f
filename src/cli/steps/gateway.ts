import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { serveWorker } from "../../../scripts/processes.ts";
import { givenFor, type Job, localUrl, portsOf } from "../job.ts";
import { type Health, healthOf } from "../places/gateway-api.ts";
import type { Wrangler } from "../places/wrangler.ts";
import { Trouble } from "../terminal/trouble.ts";
import { until } from "../terminal/until.ts";
import { ensureBundle, mustBeFree, stateDirOf } from "./simulator.ts";

/** Getting the gateway to run: on this machine, or at Cloudflare. */

/** The bundle that would be deployed, on bare workerd, with the settings of `.dev.vars`. */
export async function startHere(job: Job): Promise<string> {
  const { gateway } = portsOf(job);
  await mustBeFree(gateway, "PORT");
  ensureBundle("gateway");
  const settings = Object.fromEntries(job.place.known());
  await job.household.keep("gateway", () =>
    serveWorker("gateway", gateway, stateDirOf(job, "gateway"), settings),
  );
  await mustBeReady(localUrl(job), HERE_LIMIT_MS);
  job.report.step("Gateway", "done", `${localUrl(job)} is ready`);
  return localUrl(job);
}

/**
 * Deploys what isn't deployed as it stands here.
 * @returns where it answers
 */
export async function deployed(job: Job, wrangler: Wrangler): Promise<string> {
  const { record, report, flags } = job;
  const last = record.contents.deployed;
  const isSame = last !== null && last.sources === fingerprintOf(job.folder);
  if (isSame && (await healthOf(last.url)).state !== "silent") {
    await mustBeReady(last.url, THERE_LIMIT_MS);
    report.step("Gateway", "good", `${last.url} has these sources and settings, and is ready`);
    return last.url;
  }
  if (!flags.isDeploying) {
    const url = givenFor(job, "PUBLIC_URL") ?? last?.url;
    if (url === undefined) {
      throw new Trouble(
        "answer_missing",
        "It isn't known where the gateway answers.",
        "Give --public-url, or leave --no-deploy out.",
      );
    }
    await mustBeReady(url, THERE_LIMIT_MS);
    report.step("Gateway", "skipped", `${url} is ready; not deployed from here`);
    return url;
  }
  report.say("  deploying …");
  const url = await deployOnce(job, wrangler);
  await mustBeReady(url, THERE_LIMIT_MS);
  report.step("Gateway", "done", `deployed; ${url} is ready`);
  return url;
}

async function deployOnce(job: Job, wrangler: Wrangler): Promise<string> {
  const targets = await wrangler.deploy();
  const url = (givenFor(job, "PUBLIC_URL") ?? targets.find((one) => one.startsWith("https://")))?.replace(
    /\/+$/,
    "",
  );
  if (url === undefined) {
    throw new Trouble(
      "deploy_failed",
      "wrangler doesn't say where the Worker answers.",
      "Give --public-url.",
    );
  }
  // The gateway makes links to itself, and can't know where it is before it is there.
  const { variables } = await job.place.write({
    secrets: new Map(),
    made: [],
    variables: new Map([["PUBLIC_URL", url]]),
  });
  if (variables.length > 0) await wrangler.deploy();
  job.record.change({ deployed: { sources: fingerprintOf(job.folder), url } });
  return url;
}

const HERE_LIMIT_MS = 10_000;
/** New secrets and addresses take their time to be everywhere. */
const THERE_LIMIT_MS = 90_000;

async function mustBeReady(url: string, limitMs: number): Promise<void> {
  let last: Health = { state: "silent" };
  const ready = await until(
    async () => {
      last = await healthOf(url);
      return last.state === "ok" ? true : undefined;
    },
    limitMs,
    limitMs > HERE_LIMIT_MS ? 1000 : 50,
  );
  if (ready) return;
  throw notReady(url, last);
}

function notReady(url: string, health: Health): Trouble {
  if (health.state === "not_configured") {
    return new Trouble(
      "gateway_not_ready",
      `The gateway at ${url} lacks settings: ${health.problems.join("; ")}`,
      "Set what it names, and run it again.",
    );
  }
  return new Trouble(
    "gateway_not_ready",
    `No gateway answers at ${url}/healthz.`,
    "Look at its log (`npx wrangler tail`), and run it again.",
  );
}

/** What a deployment depends on. */
const SOURCES = ["src", "wrangler.toml", "package-lock.json"];

/** Changes with every file that a deployment depends on. */
export function fingerprintOf(folder: string): string {
  const hash = createHash("sha256");
  for (const source of SOURCES) {
    const path = join(folder, source);
    if (!existsSync(path)) continue;
    const files = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: "utf8" })
          .sort()
          .map((file) => join(path, file))
          .filter((file) => statSync(file).isFile())
      : [path];
    for (const file of files)
      hash.update(file.slice(folder.length)).update("\0").update(readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}
