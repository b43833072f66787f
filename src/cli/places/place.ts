/** Where a gateway's settings stand, be it `.dev.vars` or a Worker at Cloudflare. */
export interface Place {
  /** What it is called when people read of it. */
  title: string;
  /** What can be read back, variables and secrets together, by name. */
  known(): Map<string, string>;
  /** Whether it is set there, be it readable or not. */
  has(name: string): boolean;
  /** Names of secrets that are set there. */
  names(): string[];
  /**
   * Brings about what is asked for, and nothing else.
   * @returns the names of what had to be changed; for variables with what they are now
   */
  write(changes: Changes): Promise<Written>;
}

export interface Changes {
  /** `null` deletes one. */
  secrets: ReadonlyMap<string, string | null>;
  /** Secrets that Meta doesn't give again, and rotation needs. */
  made: readonly string[];
  variables: ReadonlyMap<string, string>;
}

export interface Written {
  secrets: string[];
  variables: string[];
}
