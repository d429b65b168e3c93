/*
 * What each key of the configuration is for, and its default as an operator would write it. Shown by editors (through
 * the JSON Schema); docs/configuration.md and config/leafd.example.yaml are held to it by tests.
 */

interface KeyReference {
  readonly description: string;
  /** Absent: the key must be given, or nothing stands in for it. */
  readonly default?: unknown;
}

/** The reference of a key; the path is one of `configKeys()`. A key of `defaults` is the key of a service. */
export function describeKey(path: string): KeyReference | undefined {
  const entry = REFERENCE[path] ?? REFERENCE[path.replace(/^defaults\./, "services.*.")];
  if (entry === undefined) return undefined;
  const [description, ...given] = entry;
  return given.length === 0 ? { description } : { description, default: given[0] };
}

type Entry = readonly [description: string, byDefault?: unknown];

const REFERENCE: Readonly<Record<string, Entry>> = {
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
  issuers: ["The places that sign, by name."],
  "issuers.*.vault": ["A role of a PKI mount."],
  "issuers.*.vault.mount": ["The PKI mount.", "pki"],
  "issuers.*.vault.role": ["The role."],
  "issuers.*.vault.method": [
    "sign: the private key is made here and stays here. issue: Vault makes it and sends it.",
    "sign",
  ],
  "issuers.*.vault.issuerRef": ["A named issuer of the mount. Absent: the mount's default one."],
  trust: ["Which roots a certificate may chain to."],
  "trust.roots": ["PEM file of the trust anchors. Absent: the roots that the PKI mount holds."],
  "trust.newRoot": ["What becomes of a root that was not known. Default: hold with roots, accept without."],
  stateDir: ["leafd's own directory: locks, budgets, kept secret ids.", "/var/lib/leafd"],
  defaults: ["For every service that does not say otherwise. Lists are replaced, maps are merged."],
  services: ["The certificates, by the name of the service. More in services.d/*.yaml."],
  "services.*.required": ["Readiness and `leafd once` wait for it.", true],
  "services.*.issuers": ["A list of one issuer. Default: the only one there is."],
  "services.*.key": ["The kind of private key.", "ec-p256"],
  "services.*.reuseKey": ["Keep the private key at a renewal.", false],
  "services.*.usages": ["Extended key usages that the certificate must have.", ["server", "client"]],
  "services.*.ttl": ["The lifetime to ask for. Absent: the role's."],
  "services.*.notAfter": ["A fixed end to ask for, instead of ttl."],
  "services.*.renewAt": ["The part of the lifetime after which to renew. Default: two thirds."],
  "services.*.identity": ["The names of the certificate, at least one."],
  "services.*.identity.commonName": ["The subject's common name. Most roles demand one."],
  "services.*.identity.dns": ["DNS names.", []],
  "services.*.identity.ips": ["IP addresses.", []],
  "services.*.identity.uris": ["URIs, such as a SPIFFE ID.", []],
  "services.*.identity.emails": ["E-mail addresses.", []],
  "services.*.output": ["Where the files go."],
  "services.*.output.directory": [
    "The directory, for this service alone. Its parent must exist, or lie below stateDir.",
  ],
  "services.*.output.owner": ["User name or number that owns the files. Absent: leafd's own."],
  "services.*.output.group": [
    "Group name or number that may read the key. Absent: leafd's own, and the key is for the owner.",
  ],
  "services.*.output.modes": ["File modes, in quotes."],
  "services.*.output.modes.key": ["Of the private key. Default: 0600, with a group 0640."],
  "services.*.output.modes.cert": ["Of the certificates.", "0644"],
  "services.*.output.modes.directory": ["Of the directories. Default: 0755, with a group 0750."],
  "services.*.output.layout": ["bundle adds tls-combined.pem: key, leaf and chain in one file.", "generations"],
  "services.*.reload": ["How the dependent is told, step by step.", []],
  "services.*.reload[].systemd": ["A systemd unit, or a map."],
  "services.*.reload[].systemd.unit": ["The unit."],
  "services.*.reload[].systemd.action": ["What to do with it.", "reload"],
  "services.*.reload[].systemd.timeout": ["How long it may take.", "30s"],
  "services.*.reload[].signal": ["A signal to a process: one of pidFile, process, pid."],
  "services.*.reload[].signal.signal": ["The signal.", "SIGHUP"],
  "services.*.reload[].signal.pidFile": ["File with the process id."],
  "services.*.reload[].signal.process": ["The name of the executable, as in /proc/PID/comm."],
  "services.*.reload[].signal.user": ["With process: only those of this user."],
  "services.*.reload[].signal.pid": ["The process id itself, for a container with a shared process namespace."],
  "services.*.reload[].signal.allowInit": ["Permit process 1.", false],
  "services.*.reload[].exec": ["A command, run without a shell."],
  "services.*.reload[].exec.command": ["The program and its arguments."],
  "services.*.reload[].exec.timeout": ["How long it may run; then its process group is killed.", "30s"],
  "services.*.reload[].exec.shared": ["One run serves all services with the same command.", false],
  "services.*.reload[].http": ["An HTTP request."],
  "services.*.reload[].http.url": ["Where to."],
  "services.*.reload[].http.method": ["The method.", "POST"],
  "services.*.reload[].http.headers": ["Headers. What is secret belongs in headerFiles.", {}],
  "services.*.reload[].http.headerFiles": ["Headers whose values are in files, read at each call.", {}],
  "services.*.reload[].http.expect": ["Status codes that mean done.", [200, 201, 202, 204]],
  "services.*.reload[].http.caFile": ["PEM file of the CAs that vouch for the server. Absent: the system's."],
  "services.*.reload[].http.timeout": ["For the whole request.", "10s"],
  "services.*.reload[].touch": ["A file whose modification time is set to now; made when it is missing."],
  observe: ["Metrics and health over HTTP. Reads only."],
  "observe.listen": ["host:port, or off.", "127.0.0.1:9464"],
  "observe.hosts": ["Host headers to answer besides IP addresses and localhost.", []],
  control: ["The unix sockets of `leafd status` and `leafd renew`."],
  "control.directory": ["Their directory. Default: control in stateDir."],
  "control.group": ["Group that may read the status. Absent: leafd's own."],
  log: ["The log, on standard error."],
  "log.level": ["The least level that is written.", "info"],
  "log.format": ["json, or text for people.", "json"],
};
