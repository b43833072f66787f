import type { Readable, Writable } from "node:stream";

/** What a command runs in. */
export interface World {
  input: Readable;
  output: Writable;
  errors: Writable;
  /** Whether a person sits there. */
  isAttended: boolean;
  environment: NodeJS.ProcessEnv;
  /** Messengate's folder. */
  folder: string;
  /** Is told how to end what is started, before anything is. */
  onStart(end: () => Promise<void>): void;
}
