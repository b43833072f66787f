import { main } from "./main.ts";

/** `npm run setup`: takes a page from unknown to answering (docs/setup.md). */
let end = (): Promise<void> => Promise.resolve();
let isReady = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    void end().finally(() => process.exit(isReady ? 0 : 130));
  });
}

try {
  const { code, isStaying } = await main(process.argv.slice(2), {
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    isAttended: process.stdin.isTTY && process.stdout.isTTY,
    environment: process.env,
    folder: process.cwd(),
    onStart: (how) => {
      end = how;
    },
  });
  isReady = isStaying;
  if (!isStaying) {
    await end();
    process.exit(code);
  }
} catch (error) {
  // Not foreseen: whoever reports it needs the whole of it, and nothing is to be left running.
  await end();
  throw error;
}
