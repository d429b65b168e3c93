import type { FaultRow } from "./row.ts";
import { ANSWER_ROWS } from "./rows/answers.ts";
import { CLOCK_ROWS } from "./rows/clock.ts";
import { CONFIG_ROWS } from "./rows/config.ts";
import { CRASH_ROWS } from "./rows/crash.ts";
import { CREDENTIAL_ROWS } from "./rows/credentials.ts";
import { DELIVERY_ROWS } from "./rows/deliveries.ts";
import { DISK_ROWS } from "./rows/disk.ts";
import { DISK_FULL_ROWS } from "./rows/disk-full.ts";
import { FLEET_ROWS } from "./rows/fleet.ts";
import { HOSTILE_ROWS } from "./rows/hostile.ts";
import { HTTP_PORT_ROWS } from "./rows/http-port.ts";
import { LADDER_ROWS } from "./rows/ladder.ts";
import { LATER_ROWS } from "./rows/later.ts";
import { LIE_ROWS } from "./rows/lies.ts";
import { LIMIT_ROWS } from "./rows/limits.ts";
import { NAME_AND_TLS_ROWS } from "./rows/names-and-tls.ts";
import { NETWORK_ROWS } from "./rows/network.ts";
import { OUTSIDER_ROWS } from "./rows/outsiders.ts";
import { POWER_CUT_ROWS } from "./rows/power-cut.ts";
import { PROOF_ROWS } from "./rows/proof.ts";
import { READER_ROWS } from "./rows/readers.ts";
import { RELOAD_ROWS } from "./rows/reloads.ts";
import { REPLACED_ROWS } from "./rows/replaced.ts";
import { REVOCATION_ROWS } from "./rows/revocations.ts";
import { ROLE_ROWS } from "./rows/roles.ts";
import { SOAK_ROWS } from "./rows/soak.ts";
import { STATE_ROWS } from "./rows/state.ts";
import { STOP_ROWS } from "./rows/stop.ts";

const ROWS: readonly FaultRow[] = [
  ...ANSWER_ROWS,
  ...CLOCK_ROWS,
  ...CONFIG_ROWS,
  ...CRASH_ROWS,
  ...CREDENTIAL_ROWS,
  ...DELIVERY_ROWS,
  ...DISK_ROWS,
  ...DISK_FULL_ROWS,
  ...FLEET_ROWS,
  ...HOSTILE_ROWS,
  ...HTTP_PORT_ROWS,
  ...LADDER_ROWS,
  ...LATER_ROWS,
  ...LIE_ROWS,
  ...LIMIT_ROWS,
  ...NAME_AND_TLS_ROWS,
  ...NETWORK_ROWS,
  ...OUTSIDER_ROWS,
  ...POWER_CUT_ROWS,
  ...PROOF_ROWS,
  ...READER_ROWS,
  ...RELOAD_ROWS,
  ...REPLACED_ROWS,
  ...REVOCATION_ROWS,
  ...ROLE_ROWS,
  ...SOAK_ROWS,
  ...STATE_ROWS,
  ...STOP_ROWS,
];

/** Every row that there is, in the order of the scorecard. */
export const CARD: readonly FaultRow[] = ROWS.toSorted((a, b) => a.id - b.id);
