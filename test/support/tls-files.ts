import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A throw-away CA and a server certificate for 127.0.0.1 and localhost (P-256, two days), written into `directory`. */
export async function createTlsFiles(directory: string): Promise<TlsFiles> {
  const [caFile, caKey] = [join(directory, "tls-ca.pem"), join(directory, "tls-ca-key.pem")];
  const [certFile, keyFile] = [join(directory, "tls.pem"), join(directory, "tls-key.pem")];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const names = "subjectAltName=IP:127.0.0.1,DNS:localhost";
  const leaf = ["-addext", names, "-addext", "basicConstraints=critical,CA:FALSE"];
  await run("openssl", ["req", "-x509", ...newKey, "-subj", "/CN=Test TLS CA", "-keyout", caKey, "-out", caFile]);
  const signedBy = ["-CA", caFile, "-CAkey", caKey];
  const files = ["-keyout", keyFile, "-out", certFile];
  await run("openssl", ["req", "-x509", ...newKey, ...signedBy, "-subj", "/CN=localhost", ...leaf, ...files]);
  return { caFile, certFile, keyFile };
}
