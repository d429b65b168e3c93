import type { LeafdPlace } from "../support/leafd-place.ts";
import type { LeafdProcess } from "../support/leafd-process.ts";
import { waitFor } from "../support/wait-for.ts";

/** Has leafd renew a service by hand, once the certificate that comes can end later than the one that is there. */
export async function renew(place: LeafdPlace, leafd: LeafdProcess, service: string): Promise<void> {
  const known = [...leafd.seen("recovered", service), ...leafd.seen("published", service)];
  const received = Date.parse(known.at(-1)?.time ?? "");
  // Certificates count in whole seconds.
  await waitFor(() => Date.now() >= received + 1000, { what: "the next second" });
  const { code, stdout, stderr } = await place.run("renew", [service]);
  if (code !== 0) throw new Error(`leafd renew: ${stdout}${stderr}`);
}
