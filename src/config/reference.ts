import { type ReferenceEntry, SERVICE_REFERENCE } from "./reference-service.ts";

/*
 * What each key of the configuration is for, and its default as an operator would write it. Shown by editors (through
 * the JSON Schema); docs/configuration.md and config/leafd.example.yaml are held to it by tests.
 */

interface KeyReference {
  readonly description: string;
  /** Absent: the key must be given, or nothing stands in for it. */
  readonly default?: unknown;
}

/** The reference of a key; the path is one of `configKeys()`. */
export function describeKey(path: string): KeyReference | undefined {
  const entry = REFERENCE[describedAt(path)];
  if (entry === undefined) return undefined;
  const [description, ...given] = entry;
  return given.length === 0 ? { description } : { description, default: given[0] };
}

/** The path that a key is described at: `defaults` has the keys of a service, a further cluster those of `vault`. */
export function describedAt(path: string): string {
  return path
    .replace(/^defaults\./, "services.*.")
    .replace(/^clusters\.\*\./, "vault.")
    .replace(/^(services\.\*\.)(preReload|escalate)\[\]/, "$1reload[]")
    .replace(/^(services\.\*\.probe)\[\]/, "$1");
}

const REFERENCE: Readonly<Record<string, ReferenceEntry>> = {
  vault: ["The Vault or OpenBao cluster that issues."],
  "vault.address": ["https://host[:port] or unix:///socket, or a list tried in order; http:// for loopback only."],
  "vault.namespace": ["The namespace of every request but the health check."],
  "vault.tls": ["How the connection to Vault is secured. Verification cannot be turned off."],
  "vault.tls.caFile": ["PEM file of the CAs that vouch for Vault; read again when it changes. Absent: the system's."],
  "vault.tls.serverName": ["The name that Vault's certificate must have. Absent: the host of the address."],
  "vault.tls.certFile": ["Client certificate (PEM) for cert auth, or for a listener that asks for one."],
  "vault.tls.keyFile": ["Private key (PEM) of certFile."],
  "vault.auth": ["How leafd logs in: exactly one method."],
  "vault.auth.token": [
    "A token. It cannot be renewed past its maximum and there is no other when it ends: prefer tokenFile.",
  ],
  "vault.auth.tokenFile": ["File with a token that another program keeps fresh; read again at each login."],
  "vault.auth.approle": ["AppRole: a role id and, unless the role needs none, a secret id."],
  "vault.auth.approle.mount": ["Where the auth method is mounted.", "approle"],
  "vault.auth.approle.roleId": ["The role id. Give this or roleIdFile."],
  "vault.auth.approle.roleIdFile": ["File with the role id."],
  "vault.auth.approle.secretIdFile": ["File with the secret id, or with its wrapping token; read again at each login."],
  "vault.auth.approle.wrapped": ["secretIdFile holds a response-wrapping token."],
  "vault.auth.approle.wrapped.creationPath": [
    "The path that must have made it, such as auth/approle/role/web/secret-id.",
  ],
  "vault.auth.approle.persist": [
    "Keep an unwrapped secret id, mode 0600, in stateDir, so that a restart can log in.",
    true,
  ],
  "vault.auth.kubernetes": ["The Kubernetes service account of the pod."],
  "vault.auth.kubernetes.mount": ["Where the auth method is mounted.", "kubernetes"],
  "vault.auth.kubernetes.role": ["The role of the auth method."],
  "vault.auth.kubernetes.tokenFile": [
    "The service account's token; a projected one with its own audience is better than this default.",
    "/var/run/secrets/kubernetes.io/serviceaccount/token",
  ],
  "vault.auth.jwt": ["A JWT of another platform."],
  "vault.auth.jwt.mount": ["Where the auth method is mounted.", "jwt"],
  "vault.auth.jwt.role": ["The role of the auth method."],
  "vault.auth.jwt.tokenFile": ["File with the JWT; read again at each login."],
  "vault.auth.cert": ["The client certificate of vault.tls.certFile."],
  "vault.auth.cert.mount": ["Where the auth method is mounted.", "cert"],
  "vault.auth.cert.role": ["The role of the auth method. Absent: Vault looks for one that fits the certificate."],
  "vault.auth.userpass": ["A user name and a password."],
  "vault.auth.userpass.mount": ["Where the auth method is mounted.", "userpass"],
  "vault.auth.userpass.username": ["The user name."],
  "vault.auth.userpass.passwordFile": ["File with the password; read again at each login."],
  "vault.timeouts": ["Deadlines of requests to Vault."],
  "vault.timeouts.connect": ["For the connection, TLS included.", "5s"],
  "vault.timeouts.request": ["For the whole request, connection included.", "15s"],
  "vault.concurrency": ["Requests to Vault at once.", 16],
  clusters: ["Further clusters by name, each with its own login. That of vault is named default."],
  issuers: ["The places that sign, by name."],
  "issuers.*.vault": ["A role of a PKI mount."],
  "issuers.*.vault.cluster": ["The cluster, of clusters.", "default"],
  "issuers.*.vault.mount": ["The PKI mount.", "pki"],
  "issuers.*.vault.role": ["The role."],
  "issuers.*.vault.method": [
    "sign: the private key is made here and stays here. issue: Vault makes it and sends it.",
    "sign",
  ],
  "issuers.*.vault.issuerRef": ["A named issuer of the mount. Absent: the mount's default one."],
  trust: ["Which roots a certificate may chain to."],
  "trust.roots": ["PEM file of the trust anchors. Absent: the roots that the PKI mount holds."],
  "trust.include": ["Issuers whose roots are trusted besides those of a service's own issuers.", []],
  "trust.newRoot": ["What becomes of a root that was not known. Default: hold with roots, accept without."],
  stateDir: ["leafd's own directory: locks, budgets, kept secret ids.", "/var/lib/leafd"],
  defaults: ["For every service that does not say otherwise. Lists are replaced, maps are merged."],
  services: ["The certificates, by the name of the service. More in services.d/*.yaml."],
  ...SERVICE_REFERENCE,
  observe: ["Metrics, health and the status page over HTTP. Reads only."],
  "observe.listen": ["host:port, or off.", "127.0.0.1:9464"],
  "observe.hosts": ["Host headers to answer besides IP addresses and localhost.", []],
  "observe.scrapeInterval": [
    "How often Prometheus scrapes leafd: leafd check says whose alerts would come too late.",
    "15s",
  ],
  policy: ["What leafd check holds the services to."],
  "policy.maxTtl": ["The longest life that a certificate may ask for without a warning.", "90d"],
  control: ["The unix sockets of `leafd status`, `renew`, `pause` and `resume`."],
  "control.directory": ["Their directory. Default: control in stateDir."],
  "control.group": ["Group that may read the status. Absent: leafd's own."],
  log: ["The log, on standard error."],
  "log.level": ["The least level that is written.", "info"],
  "log.format": ["json, or text for people.", "json"],
};
