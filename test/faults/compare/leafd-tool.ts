import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { COMMON_NAME, type Tool } from "./tool.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

/** Probes come with a later leafd: where the configuration has none, none is asked for. */
const KNOWS_PROBES = readFileSync(join(REPOSITORY, "config/leafd.schema.json"), "utf8").includes('"probe"');

/** leafd from its source, with everything at its default. */
export function leafdTool(): Tool {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  const lastChange = ["-C", REPOSITORY, "log", "-1", "--format=%h", "--", "src"];
  const commit = execFileSync("git", lastChange, { encoding: "utf8" }).trim();
  return {
    name: "leafd",
    version: `leafd ${version} (${commit})`,
    notes: [
      "AppRole from a file that stays, everything else at its default: no setting is changed for a row.",
      "`files` is its default layout, read by name (`tls.crt`, `tls.key`) unless a row says otherwise; `bundle` adds `tls-combined.pem`.",
    ],
    install: async ({ address, pki, room, directory }, wish) => {
      const config = room.join("leafd.yaml");
      await writeFile(room.join("secret-id"), pki.secretId, { mode: 0o600 });
      await mkdir(room.join("state"));
      const reload = wish.command === undefined ? [] : [{ exec: { command: wish.command } }];
      const layout = wish.layout === "bundle" ? { layout: "bundle" } : {};
      const probe =
        wish.probe === undefined || !KNOWS_PROBES
          ? {}
          : { probe: { tls: `127.0.0.1:${wish.probe.port}`, serverName: wish.probe.serverName } };
      const written = {
        vault: { address, auth: { approle: { roleId: pki.roleId, secretIdFile: room.join("secret-id") } } },
        issuers: { main: { vault: { mount: pki.mount, role: pki.role } } },
        stateDir: room.join("state"),
        observe: { listen: "off" },
        services: {
          web: { identity: { commonName: COMMON_NAME }, output: { directory, ...layout }, reload, ...probe },
        },
      };
      await writeFile(config, `${JSON.stringify(written, undefined, 2)}\n`, { mode: 0o600 }); // JSON is YAML.
      const [key, certificate] = wish.layout === "bundle" ? Array(2).fill("tls-combined.pem") : ["tls.key", "tls.crt"];
      return {
        argv: [process.execPath, join(REPOSITORY, "src/main.ts"), "run", "--config", config],
        env: { NODE_COMPILE_CACHE: join(REPOSITORY, ".cache/compile") },
        files: { key: join(directory, key), certificate: join(directory, certificate) },
        failedAttempt: /"event":"rotation_failed"/,
        warning: /"level":"(?:warn|error)"/,
      };
    },
  };
}
