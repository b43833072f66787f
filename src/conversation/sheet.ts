import type { Changes, Position } from "./position.ts";

/** Where a conversation stands, and what of it hasn't been written down yet: what both directions work on. */
export class Sheet {
  readonly position: Position;
  changes = noChanges();

  constructor(position: Position) {
    this.position = position;
  }

  /** Takes what has changed since the last call, to be written down. */
  takeChanges(): Changes {
    const changes = this.changes;
    this.changes = noChanges();
    return changes;
  }
}

/** Where chance comes from: passed in, so that decisions can be repeated. */
export interface Chance {
  random(): number;
  uuid(): string;
}

const noChanges = (): Changes => ({
  events: [],
  entries: [],
  deliveries: new Set(),
  replayed: [],
  open: new Set(),
  told: [],
  failed: [],
  sent: [],
});
