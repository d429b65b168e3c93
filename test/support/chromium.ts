import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

/** Git-ignored; looked at by people after a run. */
const SCREENSHOTS = join(import.meta.dirname, "../../.cache/screenshots");

/** The real browser of this machine. One without fails the test. Closed at the end of an `await using` scope. */
export async function startChromium(): Promise<Browser> {
  const executablePath = PLACES.find((place) => existsSync(place));
  if (executablePath === undefined) throw new Error("no Chromium: apt-get install chromium-headless-shell");
  // Tests run as root in containers, where its sandbox cannot.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** A page that is watched while a test uses it. */
export interface Visit {
  readonly page: Page;
  /** What a page must not do: errors on the console, broken policies, failed requests, requests to another origin. */
  readonly complaints: readonly string[];
}

interface VisitOptions extends BrowserContextOptions {
  /** Runs in the page before its own scripts. */
  readonly prepare?: string;
}

/** Opens `url` in a context of its own. */
export async function visit(browser: Browser, url: string, options: VisitOptions = {}): Promise<Visit> {
  const { prepare = "", ...rest } = options;
  const context = await browser.newContext(rest);
  await context.addInitScript(prepare);
  const page = await context.newPage();
  const complaints: string[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`a request to ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} for ${response.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Writes what the page looks like now into `.cache/screenshots/NAME.png`. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
