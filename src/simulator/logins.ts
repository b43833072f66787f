import { newToken } from "./ids.ts";

const keyOf = (kind: "code" | "token", value: string) => `login:${kind}:${value}`;

/** Login codes and the tokens of the person who manages the pages. There is one such person. */
export class Logins {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  /** @returns A code that can be exchanged once, together with the same address. */
  newCode(redirectUri: string): string {
    const code = newToken();
    this.#kv.put(keyOf("code", code), redirectUri);
    return code;
  }

  /** @returns Whether the code was good for this address; it is so once. */
  spendCode(code: string, redirectUri: string): boolean {
    const isGood = this.#kv.get<string>(keyOf("code", code)) === redirectUri;
    if (isGood) this.#kv.delete(keyOf("code", code));
    return isGood;
  }

  newUserToken(): string {
    const token = `EAAU${newToken()}`;
    this.#kv.put(keyOf("token", token), true);
    return token;
  }

  isUserToken(token: string): boolean {
    return this.#kv.get<boolean>(keyOf("token", token)) === true;
  }
}
