import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

interface CsrOptions {
  /** Default: none. */
  readonly commonName?: string;
  /** As openssl writes it: `DNS:a.svc,URI:spiffe://corp/a`. */
  readonly names?: string;
  /** `-newkey` and its options; default P-256. */
  readonly key?: readonly string[];
}

/** A certificate request by a program that is not leafd, with a key that nobody keeps. */
export async function opensslCsr({ commonName, names, key = P256 }: CsrOptions): Promise<string> {
  const subject = commonName === undefined ? "/" : `/CN=${commonName}`;
  const extension = names === undefined ? [] : ["-addext", `subjectAltName=${names}`];
  const out = ["-nodes", "-keyout", "/dev/null"];
  const { stdout } = await run("openssl", ["req", "-new", "-newkey", ...key, ...out, "-subj", subject, ...extension]);
  return stdout;
}

const P256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
