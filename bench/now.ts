/** A clock that all processes of the machine share, ms; it only ever goes forward. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;
