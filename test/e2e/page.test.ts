import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "../../src/dev/demo/free-port.ts";
import { screenshot, startChromium, visit } from "../support/chromium.ts";
import { leafdPlace } from "../support/leafd-place.ts";
import { setUpPki } from "../support/pki-setup.ts";
import { readPair } from "../support/published-pair.ts";
import { type StatusEvent, StatusEvents } from "../support/status-events.ts";
import { startTestVault } from "../support/vault-server.ts";
import { waitFor } from "../support/wait-for.ts";

/* The status page of a real leafd in a real browser: what happens is seen without a reload of the page. */

const short = (serial: string) => `${serial.slice(0, 8)}…${serial.slice(-4)}`;

test("a renewal and an outage are seen as they happen", async () => {
  await using vault = await startTestVault();
  const pki = await setUpPki(vault);
  await using place = await leafdPlace({ vault, pki });
  const port = await freePort();
  const services = { web: { reload: [{ touch: place.dir.join("told") }] }, api: {} };
  await place.configure(services, { observe: { listen: `127.0.0.1:${port}` } });
  await using leafd = place.start("run");
  await leafd.each("published", "web", "api");
  await leafd.each("delivered", "web");
  await using browser = await startChromium();
  const { page, complaints } = await visit(browser, `http://127.0.0.1:${port}/`, {
    viewport: { width: 1280, height: 800 },
  });
  const web = page.locator(".service", { hasText: "web.svc" });
  const serial = () => short(readPair(place.live("web")).serial);
  await web.getByText(serial()).waitFor();
  assert.equal(await page.locator("#headline").textContent(), "All 2 services are in order");
  assert.match((await web.textContent()) ?? "", /ok.*web.*ends in 23h 59m.*renewal in .*issue in .*main.*told/);
  assert.match(
    (await page.locator("#authorities").textContent()) ?? "",
    /Vault default .* up token ends in .* issuer main +circuit closed/,
  );

  await page.evaluate("globalThis.mark = 'not loaded again'");
  const before = serial();
  const renewed = await place.run("renew", ["web"]);
  assert.equal(renewed.code, 0, renewed.stderr);
  await waitFor(() => serial() !== before);
  await web.getByText(serial()).waitFor();
  assert.equal(await web.getByText(before).count(), 0);

  await vault.seal();
  await place.run("renew", ["web", "--force"]);
  await web.getByText("sealed", { exact: true }).waitFor();
  assert.equal(await page.locator("#headline").textContent(), "All 2 have a valid certificate; 1 retrying");
  await page.locator("#authorities").getByText("down (sealed)").waitFor();
  await screenshot(page, "real-outage");
  assert.equal(await page.evaluate("globalThis.mark"), "not loaded again");

  assert.equal((await leafd.stop()).code, 0);
  await page.getByText(/no connection since .* what is shown is old/).waitFor();
  assert.deepEqual(
    complaints.filter((complaint) => !/ERR_(?:CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING)/.test(complaint)),
    [],
  );
});

test("a quiet leafd sends nothing but a beat", async () => {
  await using vault = await startTestVault();
  await using place = await leafdPlace({ vault, pki: await setUpPki(vault) });
  const port = await freePort();
  await place.configure({ web: {}, api: {} }, { observe: { listen: `127.0.0.1:${port}` } });
  await using leafd = place.start("run");
  await leafd.each("published", "web", "api");
  using events = await StatusEvents.open(`http://127.0.0.1:${port}`);
  const seen: (StatusEvent | undefined)[] = [];
  const pauseBefore = (at: number) => Date.parse(seen[at]?.now ?? "") - Date.parse(seen[at - 1]?.now ?? "");
  // What the start itself still changes, and then no more.
  while (seen.length < 6 && !(pauseBefore(seen.length - 1) >= 9000 && pauseBefore(seen.length - 2) >= 9000))
    seen.push(await events.next());
  assert.ok(seen.length < 6, JSON.stringify(seen));
});
