import { bundle, bundlePath } from "./bundle.ts";

/** `npm run build`: the gateway as it is deployed, under dist/gateway. */
const bytes = bundle("gateway");
console.log(`${bundlePath("gateway")}  ${(bytes / 1024).toFixed(1)} KB gzip`);
