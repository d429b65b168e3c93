import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "node:tls";
import { freePort } from "../../../../src/dev/demo/free-port.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { type ComparedRow, nextSerial, running } from "../bench.ts";
import { COMMON_NAME } from "../tool.ts";

const PROGRAM = join(import.meta.dirname, "../../../fixtures/deaf-server.ts");
const TTL = 30;
const WATCHED = 45;

/** Row 31. */
export const DEAF_DEPENDENT_ROW: ComparedRow = {
  id: 31,
  what: `the dependent is a TLS server that ignores the SIGHUP which the hook sends; watched for ${WATCHED} s from the first renewal on (certificate ${TTL} s)`,
  reading:
    "`served` the certificate at the end; `hups` signals that the server got; `warnings` lines of the tool's log at warning or above; `detect_s` from the renewal to the first of them. leafd is given a probe where its configuration has one; the others have none, their hook would have to look itself",
  layouts: ["files"],
  together: 3,
  measure: async (bench) => {
    const site = await bench.site(`${TTL}s`);
    const port = await freePort();
    const pidFile = site.room.join("pid");
    const command = ["/bin/sh", "-c", `[ ! -e ${pidFile} ] || kill -HUP $(cat ${pidFile})`];
    const wish = { command, probe: { port, serverName: COMMON_NAME } };
    const { installation, process: tool, serial } = await running(bench, site, wish);
    const { certificate, key } = installation.files;
    const server = spawn(process.execPath, [PROGRAM, certificate, key, String(port)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    bench.resources.defer(() => void server.kill("SIGKILL"));
    const lines: string[] = [];
    createInterface(server.stdout).on("line", (line) => lines.push(line));
    await waitFor(() => lines.includes("listening"), { what: "the dependent" });
    await writeFile(pidFile, String(server.pid));
    await nextSerial(installation, tool, serial);
    const renewed = Date.now();
    await delay(WATCHED * 1000);
    const warnings = tool.lines(installation.warning).filter(({ at }) => at >= renewed);
    const served = (await servedSerial(port)) === serial ? "first_certificate_since_ended" : "new";
    const first = warnings[0] === undefined ? "never" : ((warnings[0].at - renewed) / 1000).toFixed(1);
    return `served=${served} hups=${lines.filter((line) => line === "SIGHUP").length} warnings=${warnings.length} detect_s=${first}`;
  },
};

/** Only looks which certificate it is; it has ended. */
async function servedSerial(port: number): Promise<string | undefined> {
  const socket = connect({ host: "127.0.0.1", port, servername: COMMON_NAME, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const serial = socket.getPeerX509Certificate()?.serialNumber.toLowerCase();
  socket.destroy();
  return serial;
}
