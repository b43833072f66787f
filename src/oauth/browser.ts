import { digest, randomSecret } from "./signed.ts";

/** The browser in which a login was begun, and that alone may end it: known by a cookie. */
export interface Browser {
  /** Of the login. */
  login: string;
  /** Known to this browser alone. */
  secret: string;
}

/** The time to log in, and then the time to choose pages, s. */
const LIFE_S = 20 * 60;
const VALUE = /^([\w-]{43})\.([\w-]{43})$/;

/** The `__Host-` prefix has browsers see to it that no other host set the cookie; it needs https. */
const nameFor = (origin: string): string =>
  origin.startsWith("https:") ? "__Host-messengate-login" : "messengate-login";

export const newBrowser = (): Browser => ({ login: randomSecret(), secret: randomSecret() });

/** `Lax`: the cookie comes along when Meta sends the browser back, and with no other request from elsewhere. */
export function cookieOf({ login, secret }: Browser, origin: string): string {
  const secure = origin.startsWith("https:") ? "; Secure" : "";
  return `${nameFor(origin)}=${login}.${secret}; Path=/; Max-Age=${LIFE_S}; HttpOnly; SameSite=Lax${secure}`;
}

export function browserOf(request: Request, origin: string): Browser | undefined {
  for (const cookie of (request.headers.get("cookie") ?? "").split(/;\s*/)) {
    const [name, value = ""] = cookie.split("=");
    const [, login, secret] = (name === nameFor(origin) && VALUE.exec(value)) || [];
    if (login !== undefined && secret !== undefined) return { login, secret };
  }
  return undefined;
}

/** By which a state tells its browser, without telling the secret. */
export const markOf = ({ secret }: Browser): Promise<string> => digest(`browser ${secret}`);

/** PKCE's verifier (RFC 7636 §4.1): whoever sees the code on its way can't redeem it. */
export const verifierOf = ({ secret }: Browser): Promise<string> => digest(`verifier ${secret}`);
