import { profileMain } from "./commands/profile.ts";

/** `npm run profile -- diff|apply`: pages' Messenger profiles as code (docs/setup.md). */
process.exitCode = await profileMain(process.argv.slice(2), {
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  isAttended: false,
  environment: process.env,
  folder: process.cwd(),
  onStart: () => undefined,
});
