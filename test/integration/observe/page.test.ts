import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Browser, Page } from "playwright-core";
import { formatTime, HOUR, SECOND } from "../../../src/domain/units.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { screenshot, startChromium, visit } from "../../support/chromium.ts";
import { contrastFindings } from "../../support/contrast.ts";
import { type ObserveListener, observeListener } from "../../support/observe-listener.ts";
import { serviceStatus } from "../../support/status.ts";
import { StatusEvents } from "../../support/status-events.ts";
import { syntheticFleet } from "../../support/synthetic-fleet.ts";

/* The status page in a real browser, over services that are made up: many, hostile, in every state. */

const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** Notes in the page when it has painted 1,000 rows. */
const MARK_WHEN_SHOWN = `new MutationObserver((_, observer) => {
  if (document.querySelectorAll("#rows > .service").length < 1000) return;
  observer.disconnect();
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("all are shown")));
}).observe(document, { childList: true, subtree: true });`;

let browser: Browser;
before(async () => {
  browser = await startChromium();
});
after(() => browser.close());

const fleet = (size: number) => syntheticFleet(size, systemClock.now());
const listen = (size: number) => observeListener(fleet(size), { clock: systemClock });

/** Opens the page in a context that is closed at the end, and fails when the page did what it must not. */
async function withPage(
  { url }: Pick<ObserveListener, "url">,
  use: (page: Page) => Promise<void>,
  options: Parameters<typeof visit>[2] = DESKTOP,
): Promise<void> {
  const { page, complaints } = await visit(browser, url, options);
  await page.locator(".service").first().waitFor();
  await use(page);
  await page.context().close();
  assert.deepEqual(complaints, []);
}

const namesOf = (page: Page) => page.locator("button.name").allTextContents();

describe("many services", () => {
  it("1,000 are there soon, worst first, and weigh little", async (t) => {
    await using listener = await listen(1000);
    await withPage(
      listener,
      async (page) => {
        const names = await namesOf(page);
        assert.equal(names.length, 1000);
        assert.deepEqual(names.slice(0, 5), ["payments-0", "ledger-1", "search-2", "mail-3", "orders-4"]);
        const headline = await page.locator("#headline").textContent();
        assert.equal(
          headline,
          "3 of 1,000 need somebody: 1 expired, 1 missing, 1 not live; also 1 reload owed, 20 retrying",
        );
        const { first, shown, weight } = await page.evaluate<Record<string, number>>(`(() => {
        const weigh = (sum, { encodedBodySize }) => sum + encodedBodySize;
        const files = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
        return {
          first: performance.getEntriesByName("first-contentful-paint")[0].startTime,
          shown: performance.getEntriesByName("all are shown")[0].startTime,
          weight: files.filter(({ name }) => !name.endsWith("/stream")).reduce(weigh, 0),
        };
      })()`);
        t.diagnostic(`first paint ${first} ms, all are shown ${shown} ms, ${weight} bytes besides the status`);
        // Sources with comments; the bundle's are a third of it.
        assert.ok(Number(weight) < 72 * 1024, `${weight} bytes`);
        assert.ok(Number(first) < 5 * SECOND && Number(shown) < 10 * SECOND, `${first} ms, ${shown} ms`);
      },
      { ...DESKTOP, prepare: MARK_WHEN_SHOWN },
    );
  });

  it("are found by text, state and order, and by the address that says so", async () => {
    await using listener = await listen(1000);
    await withPage(listener, async (page) => {
      await page.keyboard.press("/");
      await page.keyboard.type("ledger timeout");
      await page.locator("#found", { hasText: /^\d+ of 1,000 services$/ }).waitFor();
      for (const name of await namesOf(page)) assert.match(name, /^ledger-/);
      await page.keyboard.press("Escape");
      await page.locator("#states button", { hasText: "due 31" }).click();
      assert.equal((await namesOf(page)).length, 31);
      await page.locator("#sort").selectOption("name");
      const names = await namesOf(page);
      assert.deepEqual(names, names.toSorted(new Intl.Collator("en", { numeric: true }).compare));
      await page.locator("button.name").nth(1).click();
      const again = new URL(page.url());
      assert.deepEqual(again.hash.slice(1).split("&"), ["state=due", "sort=name", `open=${names[1]}`]);
      await page.reload();
      await page.locator(".details").waitFor();
      assert.deepEqual(await namesOf(page), names);
    });
  });

  it("are walked with the keyboard, and open to say everything", async () => {
    await using listener = await listen(12);
    await withPage(listener, async (page) => {
      await page.locator("button.name").first().focus();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("End");
      await page.keyboard.press("Home");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      const button = page.getByRole("button", { name: "mail-3", exact: true });
      assert.equal(await button.getAttribute("aria-expanded"), "true");
      const details = (await page.locator(".details").textContent()) ?? "";
      const mail = listener.status.services.find(({ name }) => name === "mail-3");
      for (const fact of [mail?.serial, mail?.fingerprint, mail?.names.uris[0], "operations.md, “not_live”"])
        assert.ok(details.includes(fact ?? "?"), fact);
      for (const rung of ["keep the pair in use", "issuer backup available, waits for its turn", "at the end: keep"])
        assert.ok(details.includes(rung), rung);
      await page.keyboard.press("Enter");
      assert.equal(await page.locator(".details").count(), 0);
    });
  });
});

describe("what changes", () => {
  it("is seen at once: a service, a refused configuration, a clock that is not believed", async () => {
    await using listener = await listen(12);
    await withPage(listener, async (page) => {
      const [broken, ...others] = listener.status.services;
      const now = systemClock.now();
      const healthy = serviceStatus({
        name: broken?.name ?? "",
        notBefore: now,
        notAfter: now + HOUR,
        due: now + HOUR / 2,
      });
      await page.getByRole("button", { name: "payments-0", exact: true }).focus();
      listener.status = {
        ...listener.status,
        services: [healthy, ...others],
        configError: { at: now, message: 'line 7: "tll" is no key\n  did you mean "ttl"?' },
        clock: { doubted: true, skew: HOUR },
      };
      await page.getByText('line 7: "tll" is no key').waitFor();
      const alerts = await page.getByRole("alert").allTextContents();
      assert.match(alerts[0] ?? "", new RegExp(`refused at ${formatTime(now).slice(0, 10)}`));
      assert.match(alerts[1] ?? "", /not believed .* 1h ahead/);
      assert.equal((await namesOf(page))[0], "ledger-1");
      assert.equal(await page.evaluate("document.activeElement.textContent"), "payments-0");
      assert.match(await page.title(), /^✕ 2 of 12 need somebody/);
      await screenshot(page, "banners");
    });
  });

  it("is read now and then when too many read the stream", async () => {
    await using listener = await listen(12);
    const readers = await Promise.all(Array.from({ length: 16 }, () => StatusEvents.open(listener.url)));
    const { page, complaints } = await visit(browser, listener.url);
    await page.getByText("too many readers").waitFor();
    assert.equal((await namesOf(page)).length, 12);
    assert.ok(
      complaints.every((complaint) => complaint.includes("503")),
      complaints.join("\n"),
    );
    for (const reader of readers) reader[Symbol.dispose]();
    await page.context().close();
  });
});

describe("what others wrote", () => {
  it("is text, whatever it says", async () => {
    const hostile = `<script>globalThis.stolen = 1</script><img src=x onerror="globalThis.stolen = 2">`;
    const service = serviceStatus({
      name: `"><b>${hostile}`,
      state: "retrying",
      reason: "bad_response",
      message: `${hostile} \u202e${"x".repeat(3000)}`,
      failures: 1,
      issuer: hostile,
      names: { commonName: hostile, dns: [], ips: [], uris: [`javascript:${hostile}`], emails: [] },
      ladder: [{ kind: "issuer", name: hostile, inUse: false, available: true }],
    });
    const status = { ...fleet(3), services: [service], configError: { at: 0, message: hostile } };
    await using listener = await observeListener(status, { clock: systemClock });
    await withPage(listener, async (page) => {
      await page.locator("button.name").click();
      await page.locator(".details").waitFor();
      assert.equal(await page.locator("main img, main script, main b:not(.details b), #banners img").count(), 0);
      assert.equal(await page.evaluate("globalThis.stolen"), undefined);
      assert.ok((await page.locator(".message").textContent())?.startsWith(hostile));
      await screenshot(page, "hostile");
    });
  });
});

describe("looks", () => {
  for (const colorScheme of ["light", "dark"] as const)
    it(`${colorScheme}: every text is readable (WCAG AA)`, async () => {
      await using listener = await listen(60);
      await withPage(
        listener,
        async (page) => {
          await page.locator("button.name").nth(3).click();
          await page.mouse.move(0, 0);
          assert.deepEqual(await page.evaluate<string[]>(contrastFindings), []);
          const ground = await page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
          const [red = 0] = (ground.match(/\d+/g) ?? []).map(Number);
          assert.ok(colorScheme === "dark" ? red < 40 : red > 220, ground);
          await screenshot(page, `desktop-${colorScheme}`);
        },
        { ...DESKTOP, colorScheme },
      );
    });

  for (const width of [1440, 1024, 390, 320])
    it(`nothing is wider than its place on a screen of ${width}`, async () => {
      await using listener = await listen(30);
      const [first, ...others] = listener.status.services;
      if (first) listener.status = { ...listener.status, services: [{ ...first, name: "n".repeat(120) }, ...others] };
      const options = width < 500 ? PHONE : {};
      await withPage(
        listener,
        async (page) => {
          await page.locator("button.name").first().click();
          assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
          const wide = `[...document.querySelectorAll(".cell, .trouble > *, .details > *")]
            .filter((cell) => cell.checkVisibility() && cell.scrollWidth > cell.clientWidth)
            .map((cell) => cell.textContent)`;
          assert.deepEqual(await page.evaluate(wide), []);
          await screenshot(page, `width-${width}`);
        },
        { ...options, viewport: { width, height: 844 } },
      );
    });
});
