/** @import { Standing } from "../../domain/status.ts" */

/**
 * The states of a service, worst first, as docs/operations.md explains them. `bad` needs somebody, `warn` may soon,
 * `calm` is on its way. The mark tells them apart without colours.
 * @type {readonly { state: Standing, tone: "bad" | "warn" | "calm" | "good", mark: string, label: string, means: string }[]}
 */
export const STATES = [
  { state: "expired", tone: "bad", mark: "✕", label: "expired", means: "the pair on disk has ended" },
  { state: "missing", tone: "bad", mark: "∅", label: "missing", means: "there is no usable pair on disk" },
  { state: "pending", tone: "calm", mark: "…", label: "pending", means: "not looked at yet: leafd is starting" },
  {
    state: "not_live",
    tone: "bad",
    mark: "≠",
    label: "not live",
    means: "its dependents were told, and serve another certificate",
  },
  {
    state: "reload_owed",
    tone: "warn",
    mark: "!",
    label: "reload owed",
    means: "a good pair is on disk, and its dependents have not all been told",
  },
  {
    state: "retrying",
    tone: "warn",
    mark: "↻",
    label: "retrying",
    means: "a good pair; the last try to replace it failed, or its issuers are away",
  },
  { state: "due", tone: "calm", mark: "◔", label: "due", means: "a good pair; renewal has come due or is under way" },
  { state: "ok", tone: "good", mark: "✓", label: "ok", means: "a good pair, and its dependents know it" },
];

/**
 * @param {string} state
 * @returns {(typeof STATES)[number]}
 */
export function stateOf(state) {
  const known = STATES.find((one) => one.state === state);
  // A newer leafd than this page: say its word and let it be seen.
  return known ?? { state: "pending", tone: "warn", mark: "?", label: state.replaceAll("_", " "), means: state };
}
