import * as z from "zod/mini";

/** Which receipts the page gets for what it sends, and when a user counts as having read. */
export interface Settings {
  readonly receipts: {
    readonly echo: boolean;
    readonly delivery: boolean;
    /** `auto`: at once; `on_view`: when a chat page shows that user; `off`: never. */
    readonly read: "auto" | "on_view" | "off";
  };
}

const DEFAULTS: Settings = { receipts: { echo: true, delivery: true, read: "auto" } };

/** The body of `PUT /_sim/settings`; what it leaves out stays as it is. */
export const settingsChangeSchema = z.strictObject({
  receipts: z.exactOptional(
    z.strictObject({
      echo: z.exactOptional(z.boolean()),
      delivery: z.exactOptional(z.boolean()),
      read: z.exactOptional(z.enum(["auto", "on_view", "off"])),
    }),
  ),
});

const KEY = "settings";

export class SettingsStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  read(): Settings {
    return this.#kv.get<Settings>(KEY) ?? DEFAULTS;
  }

  /** @returns The settings in force from now on. */
  change(change: z.infer<typeof settingsChangeSchema>): Settings {
    const settings: Settings = { receipts: { ...this.read().receipts, ...change.receipts } };
    this.#kv.put(KEY, settings);
    return settings;
  }
}
