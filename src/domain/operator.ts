import { DAY, HOUR, MINUTE, type Millis } from "./units.ts";

/*
 * What an operator may ask of a running leafd, and what he is answered: the commands, the admin socket and the rotation
 * speak of it in these words.
 */

/** Every service, or these. */
export type Selection = { readonly all: true } | { readonly services: readonly string[] };

/** Renew now. `force`: in spite of a pause, an open circuit, a spent budget and a window that is closed. */
export type RenewRequest = Selection & { readonly force: boolean };

/** Issue, publish and reload nothing for this long. */
export type PauseRequest = Selection & { readonly duration: Millis };

/** Go on. */
export type ResumeRequest = Selection;

/** What became of a request for one service. Accepted: it is noted, and a renewal is queued, not done. */
export interface ServiceAnswer {
  readonly service: string;
  readonly accepted: boolean;
  readonly message: string;
  /** It was accepted, and this is the price. */
  readonly warning?: string;
}

/** A pause ends by itself: one that is forgotten must not cost a certificate of the usual length. */
export const PAUSE = { shortest: MINUTE, usual: HOUR, longest: 7 * DAY } as const;
