/** One webhook POST as it went, for `GET /_sim/deliveries`. */
export interface Attempt {
  readonly post_id: string;
  /** The page or Instagram account. */
  readonly page_id: string;
  /** Real milliseconds when the POST began. */
  readonly time: number;
  /** 1 for the first attempt of these bytes. A duplicate (see faults) counts on its own post_id like a first one. */
  readonly attempt: number;
  /** HTTP status, or null if no answer came. */
  readonly status: number | null;
  /** Why no answer came; absent otherwise. */
  readonly error?: string;
  readonly ms: number;
  /** The first characters of the answer. */
  readonly answer: string;
  readonly events: number;
  readonly outcome: "accepted" | "retrying" | "given_up";
}
