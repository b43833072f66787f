/**
 * What a page's object keeps of its channel: what was set while the gateway runs. A page that is configured by secrets
 * alone has no row; one whose settings were changed has a row without token.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS channel (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    source TEXT NOT NULL,          -- facebook | instagram
    facebook_page TEXT NOT NULL,   -- the page's id; on Instagram that of the page behind the account
    is_connected INTEGER NOT NULL,
    token TEXT,                    -- sealed (sealing.ts)
    app_id TEXT,
    settings TEXT,                 -- JSON, as in PAGE_SETTINGS
    name TEXT,
    image_url TEXT,
    connected_at INTEGER           -- ms
  ) STRICT;
`;

export type Source = "facebook" | "instagram";

export interface StoredChannel {
  source: Source;
  /** The page's id; on Instagram that of the page behind the account. */
  facebookPage: string;
  /** `false`: switched off by a disconnect, whatever the secrets say. */
  isConnected: boolean;
  /** Sealed; `null`: the one from the secrets, if there is one. */
  token: string | null;
  appId: string | null;
  /** What was set at run time, as JSON text of what `PAGE_SETTINGS` has for a page. */
  settings: string | null;
  name: string | null;
  imageUrl: string | null;
  /** ms; `null`: never at run time. */
  connectedAt: number | null;
}

/** A channel as it is connected. */
export type Connection = Pick<StoredChannel, "source" | "facebookPage" | "appId" | "name" | "imageUrl"> & {
  /** Sealed. */
  token: string;
};

/** What is known of a channel before it has a row. */
export type Origin = Pick<StoredChannel, "source" | "facebookPage">;

/** A change; what it leaves out stays. */
export interface ChannelChange {
  /** Settings by their names; `null` takes one back. */
  settings?: Record<string, unknown>;
  name?: string | null;
  imageUrl?: string | null;
}

type Row = {
  source: Source;
  facebook_page: string;
  is_connected: number;
  token: string | null;
  app_id: string | null;
  settings: string | null;
  name: string | null;
  image_url: string | null;
  connected_at: number | null;
};

export class ChannelRow {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  read(): StoredChannel | null {
    const [row] = this.#sql.exec<Row>("SELECT * FROM channel").toArray();
    if (!row) return null;
    const { source, token, settings, name } = row;
    return {
      source,
      facebookPage: row.facebook_page,
      isConnected: row.is_connected === 1,
      token,
      appId: row.app_id,
      settings,
      name,
      imageUrl: row.image_url,
      connectedAt: row.connected_at,
    };
  }

  /** Its settings stay as they were. */
  connect(connection: Connection, now: number): void {
    const settings = this.read()?.settings ?? null;
    this.#write({ ...connection, isConnected: true, settings, connectedAt: now });
  }

  /** @param origin for a page that has no row yet: it is one from the secrets */
  change(origin: Origin, { settings, ...names }: ChannelChange): StoredChannel {
    const before = this.read() ?? fromSecrets(origin);
    const channel = { ...before, ...names };
    if (settings) channel.settings = merged(before.settings, settings);
    this.#write(channel);
    return channel;
  }

  /** Forgets the token; settings stay, for when it is connected again. */
  disconnect(origin: Origin): void {
    this.#write({ ...(this.read() ?? fromSecrets(origin)), isConnected: false, token: null });
  }

  /**
   * Puts a token sealed anew in the place of the old one, if that is still there.
   * @returns whether it was
   */
  reseal(sealed: string, anew: string): boolean {
    return this.#sql.exec("UPDATE channel SET token = ? WHERE token = ?", anew, sealed).rowsWritten > 0;
  }

  #write(channel: StoredChannel): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO channel
         (one, source, facebook_page, is_connected, token, app_id, settings, name, image_url, connected_at)
       VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      channel.source,
      channel.facebookPage,
      channel.isConnected ? 1 : 0,
      channel.token,
      channel.appId,
      channel.settings,
      channel.name,
      channel.imageUrl,
      channel.connectedAt,
    );
  }
}

const fromSecrets = (origin: Origin): StoredChannel => ({
  ...origin,
  isConnected: true,
  token: null,
  appId: null,
  settings: null,
  name: null,
  imageUrl: null,
  connectedAt: null,
});

/** @returns `null` when nothing is left */
function merged(before: string | null, change: Record<string, unknown>): string | null {
  const settings: Record<string, unknown> = before === null ? {} : JSON.parse(before);
  for (const [name, value] of Object.entries(change)) {
    if (value === null || value === undefined) delete settings[name];
    else settings[name] = value;
  }
  return Object.keys(settings).length === 0 ? null : JSON.stringify(settings);
}
