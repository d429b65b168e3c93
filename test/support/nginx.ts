import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { TempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

interface NginxOptions {
  /** Where its configuration, log and pid file go. */
  readonly dir: TempDir;
  readonly port: number;
  /** Absolute, or relative to `dir`. */
  readonly certificate: string;
  readonly key: string;
  /** More of its server block: `ssl_verify_client on;` */
  readonly directives?: string;
}

export interface Nginx extends AsyncDisposable {
  readonly pidFile: string;
  /** Ends it; resolves when it has gone. */
  stop(): Promise<void>;
}

/**
 * A real nginx that serves a pair, needs no rights and writes into `dir` only; resolves when it has written its pid
 * file. A machine without one fails the test.
 */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const { dir, port, certificate, key, directives = "" } = options;
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  const server = `listen 127.0.0.1:${port} ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; ${directives}`;
  const http = `http { access_log off; ${temporary.join(" ")} server { ${server} } }`;
  await writeFile(dir.join("nginx.conf"), `daemon off; pid nginx.pid; error_log error.log; events {} ${http}\n`);
  const nginx = spawn("nginx", ["-p", dir.path, "-c", "nginx.conf", "-e", "error.log"], { stdio: "ignore" });
  const kill = () => nginx.kill("SIGTERM");
  process.once("exit", kill);
  const ended = once(nginx, "exit").finally(() => process.removeListener("exit", kill));
  const failed = ended.then(
    async () => {
      throw new Error(`nginx did not start: ${await readFile(dir.join("error.log"), "utf8")}`);
    },
    (cause: unknown) => {
      throw new Error("nginx is not installed here, and this test is about a real one: install it", { cause });
    },
  );
  const started = waitFor(() => existsSync(dir.join("nginx.pid")), { what: "nginx's pid file" });
  await Promise.race([started, failed]);
  failed.catch(() => {});
  const stop = async () => {
    nginx.kill("SIGQUIT");
    await ended;
  };
  return { pidFile: dir.join("nginx.pid"), stop, [Symbol.asyncDispose]: stop };
}
