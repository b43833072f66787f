import type { OutgoingBody } from "../conversation/work.ts";
import type { PageId } from "../ids.ts";
import { reusableAttachmentOf, withAttachmentId } from "../messages/reusable.ts";
import type { RunContext } from "./run.ts";

/**
 * Files that Meta keeps for a page: one that is marked reusable is fetched by Meta once, then sent by its id. The page's
 * object knows them all; an isolate those it has met. A file nobody marked costs nothing here.
 */

const MAX_REMEMBERED = 2000;
const remembered = new Map<string, string>();

export interface KnownFile {
  /** With the id instead of the address, if Meta has the file. */
  body: OutgoingBody;
  /** Whether it is sent by its id. */
  isKnown: boolean;
  /** Meta answered with an id: the file is known from now on. */
  keep(attachmentId: string): Promise<void>;
  /** Meta doesn't know the id any more. */
  forget(): Promise<void>;
}

/** @returns `undefined` for a body without a reusable file */
export async function knownFile(
  pages: RunContext["pages"],
  page: PageId,
  body: OutgoingBody,
): Promise<KnownFile | undefined> {
  const file = reusableAttachmentOf(body);
  if (!file) return undefined;
  const key = `${file.type} ${file.url}`;
  const name = `${page} ${key}`;
  const id = remembered.get(name) ?? (await asked(() => pages.getByName(page).file(key)));
  if (id != null) remember(name, id);
  return {
    body: id == null ? body : withAttachmentId(body, id),
    isKnown: id != null,
    async keep(attachmentId) {
      remember(name, attachmentId);
      await asked(() => pages.getByName(page).keepFile(key, attachmentId));
    },
    async forget() {
      remembered.delete(name);
      await asked(() => pages.getByName(page).forgetFile(key));
    },
  };
}

function remember(name: string, id: string): void {
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(name, id);
}

/** A page that can't be reached costs a second fetch by Meta, never the message. */
async function asked<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    console.error({ event: "page_unreachable", error: String(error) });
    return null;
  }
}
