import type { Source } from "../channel.ts";

/** Every page that was connected or named at run time, so that they can be listed without asking each. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS channel (
    id TEXT PRIMARY KEY,           -- UUID (channel-id.ts)
    source TEXT NOT NULL,          -- facebook | instagram
    source_channel_id TEXT NOT NULL UNIQUE,
    facebook_page TEXT NOT NULL,   -- the page's id; on Instagram that of the page behind the account
    app_id TEXT,
    name TEXT,
    image_url TEXT,
    is_connected INTEGER NOT NULL,
    token_in TEXT NOT NULL,        -- object: sealed in the page's object | secret: in the deployment's
    connected_at INTEGER           -- ms
  ) STRICT, WITHOUT ROWID;
`;

/** A page as the directory lists it. */
export interface ListedChannel {
  id: string;
  source: Source;
  sourceChannelId: string;
  facebookPage: string;
  appId: string | null;
  name: string | null;
  imageUrl: string | null;
  isConnected: boolean;
  /** Where its token is, or was: sealed in the page's object, or in the deployment's secrets. */
  tokenIn: "object" | "secret";
  /** ms; `null`: never at run time. */
  connectedAt: number | null;
}

type Row = {
  id: string;
  source: Source;
  source_channel_id: string;
  facebook_page: string;
  app_id: string | null;
  name: string | null;
  image_url: string | null;
  is_connected: number;
  token_in: ListedChannel["tokenIn"];
  connected_at: number | null;
};

export class Channels {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(SCHEMA);
  }

  all(): ListedChannel[] {
    return this.#sql.exec<Row>("SELECT * FROM channel ORDER BY source_channel_id").toArray().map(channelIn);
  }

  find(id: string): ListedChannel | null {
    const [row] = this.#sql.exec<Row>("SELECT * FROM channel WHERE id = ?", id).toArray();
    return row ? channelIn(row) : null;
  }

  /** Lists it as it is now. */
  put(channel: ListedChannel): void {
    this.#insert("INSERT OR REPLACE", channel);
  }

  /** Lists it if it isn't listed yet. */
  introduce(channel: ListedChannel): void {
    this.#insert("INSERT OR IGNORE", channel);
  }

  rename(id: string, { name, imageUrl }: Pick<ListedChannel, "name" | "imageUrl">): void {
    this.#sql.exec("UPDATE channel SET name = ?, image_url = ? WHERE id = ?", name, imageUrl, id);
  }

  #insert(insert: "INSERT OR REPLACE" | "INSERT OR IGNORE", channel: ListedChannel): void {
    this.#sql.exec(
      `${insert} INTO channel
         (id, source, source_channel_id, facebook_page, app_id, name, image_url, is_connected, token_in, connected_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      channel.id,
      channel.source,
      channel.sourceChannelId,
      channel.facebookPage,
      channel.appId,
      channel.name,
      channel.imageUrl,
      channel.isConnected ? 1 : 0,
      channel.tokenIn,
      channel.connectedAt,
    );
  }
}

const channelIn = (row: Row): ListedChannel => ({
  id: row.id,
  source: row.source,
  sourceChannelId: row.source_channel_id,
  facebookPage: row.facebook_page,
  appId: row.app_id,
  name: row.name,
  imageUrl: row.image_url,
  isConnected: row.is_connected === 1,
  tokenIn: row.token_in,
  connectedAt: row.connected_at,
});
