import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { leafdPlace } from "../support/leafd-place.ts";
import { assertLints } from "../support/metrics-lint.ts";
import { seriesOf } from "../support/observed.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { startTestVault } from "../support/vault-server.ts";

/* `once` where nobody scrapes: its metrics go through the textfile collector of node_exporter. */

test("`once --textfile` writes the metrics of its end, also when a service failed", async () => {
  await using vault = await startTestVault();
  await using place = await leafdPlace({ vault, pki: await setUpPki(vault) });
  await mkdir(place.dir.join("collected"));
  const file = place.dir.join("collected/leafd.prom");
  const scrape = async () => {
    const text = await readFile(file, "utf8");
    assertLints(text);
    assert.doesNotMatch(text, /process_|nodejs_|_scheduler_/, "node_exporter has those names itself, or nobody runs");
    return seriesOf(text);
  };
  await writeFile(file, "of the run before", { mode: 0o600 });
  await place.configure({ web: {} });
  assert.equal((await place.run("once", ["--textfile", file])).code, 0);
  assert.equal((await stat(file)).mode & 0o777, 0o644);
  const good = await scrape();
  assert.equal(good.get('leafd_certificate_valid{service="web"}'), 1);
  assert.equal(good.get('leafd_issuance_attempts_total{issuer="main",result="issued"}'), 1);
  assert.equal(good.get('leafd_services{state="ok"}'), 1);

  await vault.seal();
  await place.configure({ web: {}, db: {} });
  const failed = await place.run("once", ["--timeout", "2s", "--textfile", file]);
  assert.equal(failed.code, 1);
  const bad = await scrape();
  assert.equal(bad.get('leafd_certificate_valid{service="web"}'), 1);
  assert.equal(bad.get('leafd_certificate_valid{service="db"}'), 0);
  assert.equal(bad.get('leafd_services{state="missing"}'), 1);
  assert.ok((bad.get('leafd_rotation_failures_total{issuer="main",reason="sealed"}') ?? 0) > 0);
  assert.deepEqual(await readdir(place.dir.join("collected")), ["leafd.prom"]);
});

test("a textfile that cannot be written fails no certificate, and one that nobody would read is refused", async () => {
  await using vault = await startTestVault();
  await using place = await leafdPlace({ vault, pki: await setUpPki(vault) });
  await place.configure({ web: {} });
  const absent = await place.run("once", ["--textfile", place.dir.join("absent/leafd.prom")]);
  assert.equal(absent.code, 0);
  assert.match(absent.stderr, /the metrics were not written: ENOENT/);
  const misnamed = await place.run("once", ["--textfile", place.dir.join("leafd.txt")]);
  assert.equal(misnamed.code, 2);
  assert.match(misnamed.stderr, /files that end in \.prom/);
});
