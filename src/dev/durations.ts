const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
};

/** Seconds of a number's text or a Go duration; undefined when it is neither. Vault adds days to Go's units. */
export function parseGoDuration(value: string): number | undefined {
  if (/^-?\d+$/.test(value)) return Number(value);
  const parts = /^(-?)((?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h|d))+)$/.exec(value);
  if (parts === null) return undefined;
  let total = 0;
  for (const [, amount, unit = ""] of (parts[2] ?? "").matchAll(/([\d.]+)([a-z]+)/g))
    total += Number(amount) * (UNIT_SECONDS[unit] ?? 0);
  return parts[1] === "-" ? -total : total;
}

/** `900h0m0s`, as Go prints a duration. */
export function goDuration(total: number): string {
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}
