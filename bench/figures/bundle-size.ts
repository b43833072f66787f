import type { Figure } from "../figure.ts";

const MAX_KB = 150;

/** @param gzipBytes what `bundle("gateway")` returned */
export function bundleSize(gzipBytes: number): Figure {
  return {
    id: "bundle",
    what: "Worker bundle, gzip",
    value: gzipBytes / 1024,
    unit: "KB",
    budget: { atMost: MAX_KB },
    detail: {},
  };
}
