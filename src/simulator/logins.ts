import * as z from "zod/mini";
import { newToken } from "./ids.ts";

/** What a page's app asks people for, unless a login names something else. */
export const USUAL_SCOPES: readonly string[] = [
  "pages_show_list",
  "pages_messaging",
  "pages_manage_metadata",
  "instagram_basic",
  "instagram_manage_messages",
];

/** The body of `PUT /_sim/login`; what it leaves out stays as it is. See docs/simulator.md, "Logins". */
export const mannerChangeSchema = z.strictObject({
  answer: z.exactOptional(z.enum(["agree", "cancel", "ask"])),
  declined: z.exactOptional(z.array(z.string())),
});

/** How the person who manages the pages answers when an app asks for them. */
type Manner = Readonly<Required<z.infer<typeof mannerChangeSchema>>>;

/** What a code stands for until it is exchanged. */
interface Agreement {
  readonly redirectUri: string;
  /** PKCE's, by S256; null: none was sent. */
  readonly challenge: string | null;
  readonly scopes: readonly string[];
}

/** A token of the person. */
export interface UserToken {
  readonly scopes: readonly string[];
  /** Simulated milliseconds. */
  readonly expiresAt: number;
}

const MANNER = "login:manner";
const keyOf = (kind: "code" | "token", value: string) => `login:${kind}:${value}`;

/** Login codes and the tokens of the person who manages the pages. There is one such person. */
export class Logins {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  manner(): Manner {
    return this.#kv.get<Manner>(MANNER) ?? { answer: "agree", declined: [] };
  }

  /** @returns How they answer from now on. */
  change(change: z.infer<typeof mannerChangeSchema>): Manner {
    const manner = { ...this.manner(), ...change };
    this.#kv.put(MANNER, manner);
    return manner;
  }

  /** @returns A code that can be exchanged once. */
  newCode(agreement: Agreement): string {
    const code = newToken();
    this.#kv.put(keyOf("code", code), agreement);
    return code;
  }

  /** @returns What was agreed to, if the code is good for this address and verifier; it is so once. */
  async spendCode(
    code: string,
    redirectUri: string,
    verifier: string | undefined,
  ): Promise<Agreement | null> {
    const agreement = this.#kv.get<Agreement>(keyOf("code", code));
    if (agreement?.redirectUri !== redirectUri) return null;
    if (agreement.challenge !== null && agreement.challenge !== (await challengeOf(verifier ?? "")))
      return null;
    this.#kv.delete(keyOf("code", code));
    return agreement;
  }

  newUserToken(token: UserToken): string {
    const text = `EAAU${newToken()}`;
    this.#kv.put(keyOf("token", text), token);
    return text;
  }

  /** @param now Simulated milliseconds. */
  userToken(text: string, now: number): UserToken | null {
    const token = this.#kv.get<UserToken>(keyOf("token", text));
    return token && token.expiresAt > now ? token : null;
  }
}

async function challengeOf(verifier: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  return digest.toBase64({ alphabet: "base64url", omitPadding: true });
}
