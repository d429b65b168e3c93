import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { type Program, startProgram } from "./server-program.ts";
import type { TempDir } from "./temp-dir.ts";

interface HaproxyOptions {
  /** Where its configuration goes. */
  readonly dir: TempDir;
  /** A port of loopback → what its `bind` line says after it: `ssl crt FILE …`. */
  readonly binds: Readonly<Record<number, string>>;
}

/** A real HAProxy that answers 200 to every request; resolves when it listens. A machine without one fails the test. */
export async function startHaproxy({ dir, binds }: HaproxyOptions): Promise<Program> {
  const lines = Object.entries(binds).map(([port, options]) => `  bind 127.0.0.1:${port} ${options}`);
  const defaults = "defaults\n  mode http\n  timeout client 10s\n  timeout connect 10s\n  timeout server 10s\n";
  await writeFile(
    dir.join("haproxy.cfg"),
    `${defaults}frontend dependent\n${lines.join("\n")}\n  http-request return\n`,
  );
  const listens = (port: string): Promise<boolean> => {
    const socket = connect(Number(port), "127.0.0.1");
    return once(socket, "connect")
      .then(
        () => true,
        () => false,
      )
      .finally(() => socket.destroy());
  };
  const ready = async () => (await Promise.all(Object.keys(binds).map(listens))).every(Boolean);
  return startProgram(["haproxy", "-db", "-f", dir.join("haproxy.cfg")], { ready });
}
