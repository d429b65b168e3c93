import { startEmbedded } from "./embedded-server.ts";
import { findOpenBao } from "./openbao-binary.ts";
import { type OpenBaoOptions, startOpenBao } from "./openbao-server.ts";
import type { TestVault } from "./test-vault.ts";

export { type OpenBaoOptions, startEmbedded, startOpenBao, type TestVault };

/**
 * The server of a test that does not care which: the real one where there is a binary, else the embedded one, which
 * the runner's summary then says. With CI=true that is an error: there the figures must come from a real server.
 * A test that needs more than the embedded server has (namespaces, other auth methods, restarts) calls `startOpenBao`;
 * the runner leaves its file out where there is no binary, and says so.
 */
export async function startTestVault(options: Pick<OpenBaoOptions, "tls"> = {}): Promise<TestVault> {
  if ((await findOpenBao((line) => console.error(`# ${line}`))) !== undefined) return startOpenBao(options);
  if (process.env["CI"] === "true") throw new Error("CI=true and there is no OpenBao binary");
  return startEmbedded(options);
}
