import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../scripts/bundle.ts";
import { CONNECTIONS } from "./bench.ts";
import { newUsers, singlePosts, textsOf } from "./events.ts";
import { maximum } from "./exchanges.ts";
import { startBare, startGateway } from "./gateway.ts";
import { profileWhile, selfTimes } from "./inspector.ts";
import { startStandIn } from "./stand-in.ts";

/**
 * Where the time of a single-event POST goes: `node bench/profile.ts`.
 *   --side bare|storing|whole   what to profile (default: storing); whole: exchanges, with bot and Send API
 *   --out FILE                  the profile for Chrome's DevTools (.cpuprofile)
 *   --state-dir DIR             as for run.ts
 */
const { values } = parseArgs({
  options: {
    side: { type: "string", default: "storing" },
    out: { type: "string" },
    "state-dir": { type: "string", default: tmpdir() },
  },
});
const USERS = 200;
const POSTS = 6000;
const LINES = 40;

await using stack = new AsyncDisposableStack();
const dir = mkdtempSync(join(resolve(values["state-dir"]), "messengate-profile-"));
stack.defer(() => rmSync(dir, { recursive: true, force: true }));
bundle("gateway");
const standIn = stack.use(await startStandIn());
const place = { stateDir: join(dir, "state"), inspect: true };
const server = stack.use(
  values.side === "bare"
    ? await startBare(place)
    : await startGateway(place, standIn, values.side === "whole" ? "all" : "postback"),
);
const { inspectorPort } = server.workerd;
if (inspectorPort === undefined) throw new Error("workerd announced no inspector");

const users = newUsers(USERS);
const load = () =>
  values.side === "whole"
    ? maximum(server, standIn, users, CONNECTIONS, POSTS)
    : server.measure(CONNECTIONS, singlePosts(textsOf(users, POSTS)));
await load();
const profile = await profileWhile(inspectorPort, load);
for (const { where, share } of selfTimes(profile).slice(0, LINES)) {
  console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${where}`);
}
if (values.out) writeFileSync(values.out, JSON.stringify(profile));
