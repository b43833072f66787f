import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Chromium as the machine has it: nothing is downloaded. CHROMIUM_PATH names another one. */
const PLACES = [
  process.env["CHROMIUM_PATH"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const browserPath: string | undefined = PLACES.find((path) => path !== undefined && existsSync(path));

/** Without a browser its tests are skipped on a person's machine, and fail in CI, which has to have one. */
export const skipBrowser = browserPath === undefined && process.env["CI"] === undefined;

export function openBrowser(): Promise<Browser> {
  if (browserPath === undefined) throw new Error("no Chromium found: install it, or set CHROMIUM_PATH");
  return chromium.launch({
    executablePath: browserPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
}
