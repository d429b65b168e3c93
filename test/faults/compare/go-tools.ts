import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findOpenBao, serverName } from "../../support/openbao-binary.ts";
import { COMMON_NAME, type Installation, type Site, type Tool, type Wish } from "./tool.ts";

/* `bao agent` and consul-template: one template language, two programs around it. */

const run = promisify(execFile);

/** The release that is built. */
const CONSUL_TEMPLATE_VERSION = "v0.41.1";

const CACHE = join(import.meta.dirname, "../../../.cache");

/**
 * `pkiCert` keeps its certificate in the destination of the template, which must hold it. One file, written whole and
 * renamed, is the safest that both offer; for a dependent that wants files of its own their manual has `writeToFile`.
 */
export function templateStanza(directory: string, pkiPath: string, wish: Wish): string {
  const path = (name: string) => JSON.stringify(join(directory, name));
  const files = `
{{ .Key | writeToFile ${path("tls.key")} "" "" "0600" }}
{{ .Cert | writeToFile ${path("tls.crt")} "" "" "0644" }}
{{ .CA | writeToFile ${path("tls.crt")} "" "" "0644" "append" }}
{{ .CA | writeToFile ${path("ca.crt")} "" "" "0644" }}`;
  const exec = wish.command === undefined ? "" : `  exec { command = ${JSON.stringify(wish.command)} }\n`;
  return `template {
  destination = ${path("tls.pem")}
  perms = "0600"
  error_on_missing_key = true
${exec}  contents = <<EOT
{{- with pkiCert "${pkiPath}" "common_name=${COMMON_NAME}" -}}
{{ .Cert }}{{ .CA }}{{ .Key }}${wish.layout === "files" ? files : ""}
{{- end -}}
EOT
}
`;
}

function pairFiles(directory: string, { layout }: Wish): Installation["files"] {
  const [key, certificate] = layout === "bundle" ? ["tls.pem", "tls.pem"] : ["tls.key", "tls.crt"];
  return { key: join(directory, key), certificate: join(directory, certificate) };
}

const LOG = { failedAttempt: /retry attempt \d+ after/, warning: /\[(?:WARN|ERROR|ERR)\]/ };

/** `bao agent` of the binary that is the server too; undefined when there is none. */
export async function baoAgent(): Promise<Tool | undefined> {
  const binary = await findOpenBao((line) => console.error(line));
  if (binary === undefined) return undefined;
  return {
    name: "bao-agent",
    version: await serverName(binary),
    notes: [
      "AppRole from files that stay, `pkiCert` as its manual recommends, an `exec` hook, defaults for the rest.",
      'Row 1 has `max_backoff = "5s"` in auto-auth, which its manual says caps the templates\' retries too (default 1 min).',
    ],
    install: async ({ address, pki, room, directory }, wish) => {
      const config = room.join("agent.hcl");
      await writeFile(room.join("role-id"), pki.roleId, { mode: 0o600 });
      await writeFile(room.join("secret-id"), pki.secretId, { mode: 0o600 });
      const backoff = wish.longestBackoff === undefined ? "" : `    max_backoff = "${wish.longestBackoff}"\n`;
      const text = `vault { address = "${address}" }
auto_auth {
  method "approle" {
${backoff}    config = {
      role_id_file_path = "${room.join("role-id")}"
      secret_id_file_path = "${room.join("secret-id")}"
      remove_secret_id_file_after_reading = false
    }
  }
}
${templateStanza(directory, `${pki.mount}/issue/${pki.role}`, wish)}`;
      await writeFile(config, text, { mode: 0o600 });
      const argv = [binary, "agent", `-config=${config}`];
      return { argv, env: { HOME: room.path }, files: pairFiles(directory, wish), ...LOG };
    },
  };
}

/** consul-template, built from its Go module into .cache/ the first time; undefined where there is no Go. */
export async function consulTemplate(): Promise<Tool | undefined> {
  const binary = join(CACHE, "consul-template/bin/consul-template");
  if (!existsSync(binary)) {
    console.error(`building consul-template ${CONSUL_TEMPLATE_VERSION}`);
    await mkdir(join(CACHE, "consul-template"), { recursive: true });
    if (!(await build())) return undefined;
  }
  await chmod(binary, 0o755);
  const { stdout, stderr } = await run(binary, ["-version"]);
  return {
    name: "consul-template",
    version: `${stdout}${stderr}`.trim().replace(/ \(.*$/, ""),
    notes: [
      "It cannot log in: it has a token in a file, as from an agent beside it. `pkiCert` and hook as above.",
      "Its retries of Vault are set to go on for ever (`attempts = 0`; the default gives up and ends after 12).",
      'Row 1 has `max_backoff = "5s"` in `retry` (default 1 min).',
    ],
    install: async ({ address, pki, room, directory }: Site, wish: Wish) => {
      const config = room.join("consul-template.hcl");
      await writeFile(room.join("token"), await pki.login(), { mode: 0o600 });
      const backoff = wish.longestBackoff === undefined ? "" : `    max_backoff = "${wish.longestBackoff}"\n`;
      const text = `log_level = "info"
vault {
  address = "${address}"
  vault_agent_token_file = "${room.join("token")}"
  retry {
    attempts = 0
${backoff}  }
}
${templateStanza(directory, `${pki.mount}/issue/${pki.role}`, wish)}`;
      await writeFile(config, text, { mode: 0o600 });
      const argv = [binary, `-config=${config}`];
      return { argv, env: { HOME: room.path }, files: pairFiles(directory, wish), ...LOG };
    },
  };
}

/** Go's module proxy answers the source; nothing of it is written outside .cache/. Says why when it cannot be had. */
async function build(): Promise<boolean> {
  const env = {
    PATH: process.env["PATH"],
    HOME: CACHE,
    GOPATH: join(CACHE, "go"),
    GOCACHE: join(CACHE, "go/build"),
    GOBIN: join(CACHE, "consul-template/bin"),
    GOFLAGS: "-modcacherw -buildvcs=false",
  };
  const wanted = `github.com/hashicorp/consul-template@${CONSUL_TEMPLATE_VERSION}`;
  return run("go", ["install", wanted], { cwd: CACHE, env, timeout: 10 * 60_000 }).then(
    () => true,
    (error: unknown) => {
      console.error(`cannot: ${String(error)}`);
      return false;
    },
  );
}
