/** Cloudflare's list prices, paid plan, nothing included: US dollars per million. */
const PER_MILLION = {
  workerRequests: 0.3,
  workerCpuMs: 0.02,
  objectRequests: 0.15,
  rowsWritten: 1,
  rowsRead: 0.001,
  gigabyteSeconds: 12.5,
};
/** An object is billed at this size whatever it holds. */
const OBJECT_GB = 0.128;

/** What one exchange is billed for. */
export interface Units {
  workerRequests: number;
  /** CPU time of the Worker, ms. */
  workerCpuMs: number;
  /** Calls of the object's methods, and alarms that fired. */
  objectRequests: number;
  rowsWritten: number;
  rowsRead: number;
  /** How long the object was at work or waited, ms. */
  objectMs: number;
}

/** @returns US dollars per million exchanges */
export const priceOf = (units: Units): number =>
  units.workerRequests * PER_MILLION.workerRequests +
  units.workerCpuMs * PER_MILLION.workerCpuMs +
  units.objectRequests * PER_MILLION.objectRequests +
  units.rowsWritten * PER_MILLION.rowsWritten +
  units.rowsRead * PER_MILLION.rowsRead +
  (units.objectMs / 1000) * OBJECT_GB * PER_MILLION.gigabyteSeconds;
