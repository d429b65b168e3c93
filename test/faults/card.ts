import type { FaultRow } from "./row.ts";
import { ANSWER_ROWS } from "./rows/answers.ts";
import { CREDENTIAL_ROWS } from "./rows/credentials.ts";
import { LIE_ROWS } from "./rows/lies.ts";
import { NAME_AND_TLS_ROWS } from "./rows/names-and-tls.ts";
import { NETWORK_ROWS } from "./rows/network.ts";
import { ROLE_ROWS } from "./rows/roles.ts";

/** Every row that there is, in the order of the scorecard. */
export const CARD: readonly FaultRow[] = [
  ...ANSWER_ROWS,
  ...NETWORK_ROWS,
  ...NAME_AND_TLS_ROWS,
  ...ROLE_ROWS,
  ...LIE_ROWS,
  ...CREDENTIAL_ROWS,
].sort((a, b) => a.id - b.id);
