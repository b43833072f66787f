import { bundle } from "../../../scripts/bundle.ts";

/** Before the end-to-end tests: what they run is what is shipped. */
export default function setup(): void {
  bundle("gateway");
  bundle("simulator");
}
