import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { startProgram } from "../support/server-program.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { createTlsFiles } from "../support/tls-files.ts";
import { tool } from "./tools.ts";

const run = promisify(execFile);

const ISSUER = "https://kubernetes.default.svc";

/** A control plane without nodes: etcd and the API server, with Pod Security admission as it is by default. */
export interface Cluster extends AsyncDisposable {
  readonly address: string;
  /** The CA of the API server, PEM. */
  readonly ca: string;
  /** The file for its administrator. */
  readonly kubeconfig: string;
  /** Answers what it printed; rejects with what it said. `input` is given to commands with `--filename=-`. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** A token of a service account in `payments`, as the kubelet asks for one that is projected. */
  token(account: string, audience?: string): Promise<string>;
}

export async function startCluster(): Promise<Cluster> {
  await using resources = new AsyncDisposableStack();
  const directory = resources.use(await tempDir());
  const etcd = await startEtcd(directory);
  resources.defer(() => etcd.stop());
  const tls = await createTlsFiles(directory.path);
  await makeKeys(directory);
  const port = await freePort();
  const address = `https://127.0.0.1:${port}`;
  const config = directory.join("kubeconfig");
  await writeFile(config, kubeconfig(address, tls.caFile, directory));
  const kubectl: Cluster["kubectl"] = async (args, input) => {
    const running = run(tool("kubectl"), ["--kubeconfig", config, ...args], { maxBuffer: 64 * 1024 * 1024 });
    running.child.stdin?.end(input ?? "");
    return (await running).stdout;
  };
  const server = await startProgram(
    [
      tool("kube-apiserver"),
      `--etcd-servers=${etcd.address}`,
      "--bind-address=127.0.0.1",
      "--advertise-address=192.0.2.2",
      `--secure-port=${port}`,
      `--cert-dir=${directory.path}`,
      `--tls-cert-file=${tls.certFile}`,
      `--tls-private-key-file=${tls.keyFile}`,
      `--client-ca-file=${directory.join("clients.pem")}`,
      `--service-account-issuer=${ISSUER}`,
      `--service-account-key-file=${directory.join("accounts.pem")}`,
      `--service-account-signing-key-file=${directory.join("accounts-key.pem")}`,
      "--authorization-mode=Node,RBAC",
      "--service-cluster-ip-range=10.96.0.0/16",
      "--endpoint-reconciler-type=none",
      "--kubelet-preferred-address-types=InternalIP",
    ],
    { ready: async () => (await kubectl(["get", "--raw", "/readyz"])) === "ok", within: 120_000 },
  );
  resources.defer(() => server.stop());
  const kept = resources.move();
  return {
    address,
    ca: await readFile(tls.caFile, "utf8"),
    kubeconfig: config,
    kubectl,
    token: async (account, audience) => {
      const wanted = audience === undefined ? [] : [`--audience=${audience}`];
      return (await kubectl(["create", "token", account, "--namespace=payments", ...wanted])).trim();
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function startEtcd(directory: TempDir) {
  const [client, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const started = await startProgram(
    [
      tool("etcd"),
      `--data-dir=${directory.join("etcd")}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ],
    { ready: async () => (await fetch(`${client}/health`)).ok },
  );
  return { address: client, stop: () => started.stop() };
}

/** The CA of clients with the certificate of an administrator, and the key that signs the tokens of service accounts. */
async function makeKeys(directory: TempDir): Promise<void> {
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const made = (name: string) => ["-keyout", directory.join(`${name}-key.pem`), "-out", directory.join(`${name}.pem`)];
  await run("openssl", ["req", "-x509", ...ec, "-subj", "/CN=Test clients", ...made("clients")]);
  const signer = ["-CA", directory.join("clients.pem"), "-CAkey", directory.join("clients-key.pem")];
  const leaf = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=clientAuth"];
  const admin = ["-subj", "/O=system:masters/CN=admin", ...leaf, ...made("admin")];
  await run("openssl", ["req", "-x509", ...ec, ...signer, ...admin]);
  const [key, open] = [directory.join("accounts-key.pem"), directory.join("accounts.pem")];
  await run("openssl", ["genrsa", "-out", key, "2048"]);
  await run("openssl", ["rsa", "-in", key, "-pubout", "-out", open]);
}

function kubeconfig(server: string, caFile: string, directory: TempDir): string {
  const user = { "client-certificate": directory.join("admin.pem"), "client-key": directory.join("admin-key.pem") };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority": caFile } }],
    users: [{ name: "admin", user }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}
