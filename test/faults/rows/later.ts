import type { FaultRow } from "../row.ts";

/** Rows about parts of leafd that are not there yet: what is missing, and nothing more. */
export const LATER_ROWS: readonly FaultRow[] = [
  {
    id: 42,
    fault: "1,000 streams on the sockets, slow readers, NACK, wrong nonce, missing header",
    expected: "bounded memory, right codes",
    run: async () => ({ verdict: "deferred", figure: "the identity plane is not there yet" }),
  },
];
