import { bundle, isStale, type WorkerName } from "../../../scripts/bundle.ts";

const WORKERS: readonly WorkerName[] = ["gateway", "simulator"];

/** Before the conformance tests: what they run is what is shipped. */
export default function setup(): void {
  for (const worker of WORKERS) if (isStale(worker)) bundle(worker);
}
