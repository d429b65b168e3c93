import { chanceOf } from "../domain/backoff.ts";
import type { Work } from "./job.ts";
import type { RunnerOptions } from "./runner-options.ts";

type News = Pick<Work, "latest" | "say">;

/** The work on a service that begins now, out of what the service is run with. */
export function workOn(options: RunnerOptions, { latest, say }: News): Work {
  const { spec, ports, circuits, issuers, reserveIssuer, included = [] } = options;
  const state = latest();
  const signers = reserveIssuer === undefined ? issuers : [...issuers, reserveIssuer];
  const first = circuits.of(issuers[0].name);
  const why = state.rotationTrouble?.reason ?? (first.kind === "closed" ? undefined : first.reason);
  const ofThis = { seed: ports.seed, service: spec.name };
  return {
    spec,
    issuers: signers,
    authorities: [...signers, ...included],
    ports,
    state,
    latest,
    say,
    chance: (what, count) => chanceOf({ what, ...ofThis, serial: latest().current?.serial ?? "", count }),
    ...(why && { why }),
  };
}
