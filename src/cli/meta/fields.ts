/** Webhook fields, as the gateway itself knows them, which looks after them once it runs. */

const gateway: { NEEDED: { page: readonly string[] }; USUAL: { page: readonly string[] } } = await import(
  // Its types lead into the Worker's, which this side doesn't have.
  new URL("../../self-check/fields.ts", import.meta.url).href
);

/** What people do, and what Meta and other apps do to conversations. */
export const USUAL_FIELDS = gateway.USUAL.page;

/** Without these a conversation isn't one. */
export const NEEDED_FIELDS = gateway.NEEDED.page;
