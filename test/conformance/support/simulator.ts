/** Meta, as far as a test orders it about: the simulator's control API (docs/simulator.md). */

export type Json = Record<string, unknown>;

/** What a person, an inbox or an app did. */
export interface Said {
  mid: string;
  timestamp: number;
  /** Meta's item, as it is posted. */
  event: Json;
}

export interface SeenMessage extends Json {
  mid: string;
  from: "user" | "page";
  text?: string;
  metadata?: string;
}

/** What the person sees. */
export interface Thread {
  typing: boolean;
  owner_app_id: string | null;
  messages: SeenMessage[];
  actions: { action: string; ended_by?: string }[];
}

/** How the next calls fare; docs/simulator.md, "Faults". */
export interface Fault extends Json {
  user_id?: string;
}

export class Simulator {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @throws if the simulator doesn't do as it is told: that is a mistake in the test. */
  async #control<T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: Json): Promise<T> {
    const response = await fetch(`${this.url}/_sim${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text);
  }

  act(user: string, body: Json): Promise<Said> {
    return this.#control("POST", `/users/${user}/messages`, body);
  }

  /** Writes to the person from Meta's inbox, or as another app. */
  reply(user: string, body: Json): Promise<Said> {
    return this.#control("POST", `/users/${user}/replies`, body);
  }

  /** Another app passes, takes, requests or releases the thread. */
  control(user: string, body: Json): Promise<{ owner_app_id: string | null; event: Json | null }> {
    return this.#control("POST", `/users/${user}/thread-control`, body);
  }

  thread(user: string, page: string): Promise<Thread> {
    return this.#control("GET", `/users/${user}/thread?page_id=${page}`);
  }

  /** Makes or changes a person. */
  person(user: string, traits: Json): Promise<unknown> {
    return this.#control("PUT", `/users/${user}`, traits);
  }

  /** Moves the person's past back, at Meta only: to the gateway it was when it was. */
  moveBack(user: string, page: string, hours: number): Promise<unknown> {
    return this.#control("POST", `/users/${user}/window`, { hours_ago: hours, page_id: page });
  }

  page(id: string, settings: Json): Promise<unknown> {
    return this.#control("PUT", `/pages/${id}`, settings);
  }

  /** Tells a page about itself. */
  tellPage(id: string, body: Json): Promise<{ event: Json }> {
    return this.#control("POST", `/pages/${id}/events`, body);
  }

  /** Posts items as they are, in one entry. */
  post(body: Json & { items: Json[] }): Promise<unknown> {
    return this.#control("POST", "/events", body);
  }

  /** How the next Graph calls fare; takes the place of all faults there were. */
  fails(...graph: Fault[]): Promise<unknown> {
    return this.#control("PUT", "/faults", { graph });
  }

  /** What happens to webhooks; takes the place of all faults there were. */
  webhooks(webhook: Json): Promise<unknown> {
    return this.#control("PUT", "/faults", { webhook });
  }

  noFaults(): Promise<unknown> {
    return this.#control("DELETE", "/faults");
  }

  receipts(receipts: Json): Promise<unknown> {
    return this.#control("PUT", "/settings", { receipts });
  }

  async fetchesOf(url: string): Promise<number> {
    const { data } = await this.#control<{ data: { url: string; count: number }[] }>("GET", "/fetches");
    return data.find((one) => one.url === url)?.count ?? 0;
  }

  /** The webhook attempts so far. */
  async deliveries(): Promise<{ events: number; attempt: number; status: number | null; answer?: string }[]> {
    return (await this.#control<{ data: [] }>("GET", "/deliveries")).data;
  }

  /** The Graph calls so far. */
  async calls(): Promise<{ method: string; path: string; status: number; code: number | null }[]> {
    return (await this.#control<{ data: [] }>("GET", "/calls")).data;
  }

  /** Reads from the Graph API with a page's token, as Meta's other customers could. */
  async graph(page: string, path: string): Promise<Json> {
    const headers = { authorization: `Bearer TOKEN-OF-${page}` };
    return (await fetch(`${this.url}/v25.0/${path}`, { headers })).json() as Promise<Json>;
  }

  verifyWebhook(): Promise<{ ok: boolean; status: number }> {
    return this.#control("POST", "/verify-webhook", {});
  }
}
