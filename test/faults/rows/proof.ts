import { readFileSync, writeFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { LeafdPlace } from "../../support/leafd-place.ts";
import type { LeafdProcess, LogLine } from "../../support/leafd-process.ts";
import { materialOf, tlsServer } from "../../support/probe.ts";
import { readPair } from "../../support/published-pair.ts";
import { servedSerial } from "../../support/served-serial.ts";
import { startListener } from "../../support/signal-listener.ts";
import { TestCa } from "../../support/test-ca.ts";
import { startTlsDependent, type TlsDependent } from "../../support/tls-dependent.ts";
import { daemonScene } from "../daemon-scene.ts";
import { Findings } from "../findings.ts";
import { seconds } from "../measure.ts";
import { renew } from "../renew.ts";
import type { FaultRow, Outcome, Scene } from "../row.ts";

/* Dependents that do not serve what is published: leafd sees it, goes on telling them, or takes the pair back. */

/** A reload is judged after this, and then known to have failed within this. */
const SETTLE = "1s";
const LONGEST_DETECTION = 5_000;

const signal = (name: string, pidFile: string) => ({ signal: { signal: name, pidFile } });
const probe = (port: number, serverName: string) => ({ tls: `127.0.0.1:${port}`, serverName, settle: SETTLE });

/** Gets each service its first pair, so that dependents can be started with it. */
async function issueFirst(place: LeafdPlace, ...services: readonly string[]): Promise<void> {
  await place.configure(Object.fromEntries(services.map((name) => [name, {}])));
  const { code, stdout } = await place.run("once");
  if (code !== 0) throw new Error(`leafd once: ${stdout}`);
}

function dependentOf(scene: Scene, place: LeafdPlace, service: string, ignoreHup = false): Promise<TlsDependent> {
  const starting = startTlsDependent({ directory: `${place.live(service)}/..data`, ignoreHup });
  return starting.then((dependent) => scene.resources.use(dependent));
}

const after = (line: LogLine, start: LogLine): number => Date.parse(line.time) - Date.parse(start.time);
const of = (service: string) => (line: LogLine) => line.service === service;

/** From when the dependent was told of the renewal to when leafd knew that it does not serve it. */
async function detection(leafd: LeafdProcess, findings: Findings, service: string) {
  const told = await leafd.next("delivered", of(service));
  const failed = await leafd.next("proof_failed", of(service));
  const took = after(failed, told);
  findings.expect(took < LONGEST_DETECTION, `${service}: it took ${took} ms to see that it is not live`);
  return { told, failed, took };
}

async function runUnproved(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene);
  const findings = new Findings();
  await issueFirst(place, "deaf", "down", "misnamed");
  const deaf = await dependentOf(scene, place, "deaf", true);
  const down = await dependentOf(scene, place, "down");
  const other = await (await TestCa.root({ name: "Elsewhere" })).leaf({ dns: ["other.svc"] });
  const [cert, key] = ["tls.crt", "tls.key"].map((name) => readFileSync(`${place.live("misnamed")}/${name}`));
  const right = createSecureContext({ cert, key });
  // It serves the right pair to those who ask by the right name, which the probe does not.
  const byName = scene.resources.use(
    await tlsServer(materialOf(other), {
      SNICallback: (name, done) => done(null, name === "misnamed.svc" ? right : undefined),
    }),
  );
  const told = ({ pidFile, port }: TlsDependent, name: string) => ({
    reload: [signal("SIGHUP", pidFile)],
    escalate: [signal("SIGUSR2", pidFile)],
    probe: probe(port, name),
  });
  await place.configure({
    deaf: told(deaf, "deaf.svc"),
    down: told(down, "down.svc"),
    misnamed: { reload: [{ exec: { command: ["true"] } }], probe: probe(byName.port, "misnmaed.svc") },
  });
  const leafd = scene.resources.use(place.start("run"));
  const wrongName = await detection(leafd, findings, "misnamed");
  findings.equal(wrongName.failed["outcome"], "not_live", "a wrong server name");
  findings.expect(/\(as misnmaed\.svc\) serves the certificate/.test(wrongName.failed.msg), wrongName.failed.msg);
  await leafd.each("confirmed", "deaf", "down");
  const watched = await watch("deaf", "down", "misnamed");

  await renew(place, leafd, "deaf");
  const ignored = await detection(leafd, findings, "deaf");
  await deaf.said("ignored SIGHUP");
  findings.equal(ignored.failed["outcome"], "not_live", "an ignored SIGHUP");
  const escalated = await leafd.next("escalated", of("deaf"));
  findings.equal(escalated["step"], 1, "the step of escalate");
  const live = await leafd.next("confirmed", of("deaf"));
  findings.equal(await servedSerial(deaf.port), readPair(place.live("deaf")).serial, "what is served in the end");

  await down.stop();
  await renew(place, leafd, "down");
  const unseen = await detection(leafd, findings, "down");
  findings.equal(unseen.failed["outcome"], "unknown", "an endpoint that is down");
  await leafd.next("proof_failed", of("down"));
  findings.equal(leafd.seen("reloaded", "down").length, 2, "reloads of what cannot be seen, one a pair");
  findings.equal(leafd.seen("escalated", "down").length, 0, "escalations against what cannot be seen");

  await leafd.stop();
  await watched.end(findings, { leafds: [leafd], budget: 5 });
  const figures = [
    `ignored_hup detect_s=${seconds(ignored.took)} live_s=${seconds(after(live, ignored.told))}`,
    `endpoint_down detect_s=${seconds(unseen.took)}`,
    `wrong_sni detect_s=${seconds(wrongName.took)}`,
  ];
  return findings.outcome(figures.join(" "));
}

/** A pair is taken back within this. */
const LONGEST_RETURN = 5_000;

async function runRefused(scene: Scene): Promise<Outcome> {
  // Little is left of it, so that it is offered again within 18 s; and enough for a way back.
  const { place, pki, watch } = await daemonScene(scene, { ttl: "6m" });
  const findings = new Findings();
  await issueFirst(place, "web");
  const first = readPair(place.live("web")).serial;
  const dependent = await dependentOf(scene, place, "web");
  await dependent.refuse({ but: first });
  await place.configure({
    web: {
      preReload: [{ exec: { command: dependent.check } }],
      reload: [signal("SIGHUP", dependent.pidFile)],
      probe: probe(dependent.port, "web.svc"),
    },
  });
  const leafd = scene.resources.use(place.start("run"));
  await leafd.next("confirmed");
  const watched = await watch("web");
  const told = leafd.seen("reloaded").length;

  await renew(place, leafd, "web");
  const refused = await leafd.next("published", ({ cause }) => cause === "forced");
  const restored = await leafd.next("published", ({ cause }) => cause === "rolled_back");
  const took = after(restored, refused);
  findings.equal(readPair(place.live("web")).serial, first, "the pair on disk");
  findings.equal(await servedSerial(dependent.port), first, "what is served");
  findings.equal(leafd.seen("reloaded").length, told, "reloads");
  findings.expect(took < LONGEST_RETURN, `it took ${took} ms to put the pair back`);
  const alert = await leafd.next("rotation_failed");
  findings.equal([alert.reason, alert.level], ["dependent_refused", "error"], "the alert");

  await dependent.refuse("nothing");
  const live = await leafd.next("confirmed", ({ serial }) => serial === refused.serial);
  findings.equal(await servedSerial(dependent.port), refused.serial, "what is served in the end");
  findings.equal(await pki.issued(), 2, "certificates");
  await leafd.stop();
  await watched.end(findings, { leafds: [leafd], budget: 2 });
  return findings.outcome(`restored_s=${seconds(took)} offered_again_s=${seconds(after(live, restored))}`);
}

async function runMissed(scene: Scene): Promise<Outcome> {
  const { place, watch } = await daemonScene(scene);
  const findings = new Findings();
  await issueFirst(place, "web");
  const pidFile = place.dir.join("dependent.pid");
  const before = await startListener({ name: "before" });
  writeFileSync(pidFile, `${before.pid}\n`);
  // The one that runs now has the pair before the renewal, and has yet to write its pid.
  const dependent = await dependentOf(scene, place, "web");
  await before.stop();
  await place.configure({
    web: { reload: [signal("SIGHUP", pidFile)], probe: probe(dependent.port, "web.svc") },
  });
  const leafd = scene.resources.use(place.start("run"));
  await leafd.next("confirmed");
  const watched = await watch("web");
  await renew(place, leafd, "web");
  const { told, took } = await detection(leafd, findings, "web");
  const missed = String(leafd.seen("reloaded").at(-1)?.["detail"]);
  findings.expect(missed.endsWith("not running, nothing to reload"), missed);
  writeFileSync(pidFile, `${dependent.pid}\n`);
  const live = await leafd.next("confirmed");
  findings.equal(await servedSerial(dependent.port), live.serial, "what is served in the end");
  await leafd.stop();
  await watched.end(findings, { leafds: [leafd], budget: 2 });
  return findings.outcome(`missed_by_the_signal detect_s=${seconds(took)} live_s=${seconds(after(live, told))}`);
}

export const PROOF_ROWS: readonly FaultRow[] = [
  {
    id: 30,
    fault: "process restarted between write and signal, its pid not yet in the file",
    expected: "re-signalled when the probe misses",
    run: runMissed,
  },
  {
    id: 31,
    fault: "process ignores HUP; probe endpoint down; wrong SNI",
    expected: "`not live` ≠ `unknown`; escalation as configured",
    run: runUnproved,
  },
  {
    id: 32,
    fault: "the service refuses the new pair (`nginx -t` fails)",
    expected: "previous generation restored when still good, alert",
    run: runRefused,
  },
];
