/**
 * In wrangler's place: notes how it was called, and keeps in FAKE_CLOUDFLARE what an account would. In the account's file
 * a test finds the calls, and says what is to go wrong.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";

const file = process.env.FAKE_CLOUDFLARE;
const account = JSON.parse(readFileSync(file, "utf8"));
const args = process.argv.slice(2);
const input = args[1] === "bulk" ? readFileSync(0, "utf8") : "";
account.calls.push({ args, input, environment: process.env });
const save = () => writeFileSync(file, JSON.stringify(account));
save();

const [command, sub] = args;
if (account.trouble?.[command] !== undefined) {
  process.stderr.write(`${account.trouble[command]}\n`);
  process.exit(1);
}
if (account.hangs === command) {
  // As a slow upload does; whoever waits for it is ended by the test.
  setInterval(() => undefined, 1000);
} else if (command === "whoami") {
  if (!account.email) process.exit(1);
  console.log(JSON.stringify({ loggedIn: true, email: account.email }));
} else if (command === "secret" && sub === "list") {
  if (account.secrets === null) {
    process.stderr.write('Worker "messengate" not found.\n');
    process.exit(1);
  }
  console.log(JSON.stringify(Object.keys(account.secrets).map((name) => ({ name, type: "secret_text" }))));
} else if (command === "secret" && sub === "bulk") {
  account.secrets = { ...account.secrets, ...JSON.parse(input) };
  for (const [name, value] of Object.entries(account.secrets))
    if (value === null) delete account.secrets[name];
  save();
} else if (command === "deploy") {
  account.deploys += 1;
  save();
  const event = { type: "deploy", version: 1, targets: account.targets };
  appendFileSync(
    process.env.WRANGLER_OUTPUT_FILE_PATH,
    `{"type":"wrangler-session"}\n${JSON.stringify(event)}\n`,
  );
}
