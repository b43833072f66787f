import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/bundle.ts";
import { configSchema } from "./places/config-schema.ts";

/** Run it after a change of the gateway's settings: `node src/cli/write-config-schema.ts`. */
const path = join(ROOT, "messengate.config.schema.json");
writeFileSync(path, `${JSON.stringify(await configSchema(), null, 2)}\n`);
console.log(path);
