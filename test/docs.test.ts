import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import test, { describe } from "node:test";
import { COMMANDS } from "../src/cli/commands.ts";
import { EXIT, PLUGIN_EXIT } from "../src/cli/exit-codes.ts";
import { REASONS } from "../src/domain/errors.ts";
import { STANDINGS } from "../src/domain/status.ts";
import { readAlerts } from "./support/alert-rules.ts";
import { leafd } from "./support/terminal.ts";

const ROOT = join(import.meta.dirname, "..");
const PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...globSync("docs/**/*.md", { cwd: ROOT })];
const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** A page without its code, where `#` begins comments and brackets are no links. */
const prose = (page: string): string => read(page).replaceAll(/^```[^]*?^```$|`[^`\n]*`/gm, "");

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(page: string): Set<string> {
  const headings = [...read(page).matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((each) =>
      each
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

/** The relative links of a page that lead nowhere. */
function deadLinks(page: string): string[] {
  const links = [...prose(page).matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : relative(ROOT, join(ROOT, dirname(page), path));
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchors(target).has(anchor);
  });
}

/** The runbook, with the alerts apart. */
function operations(): { readonly alerts: string; readonly rest: string } {
  const page = read("docs/operations.md");
  const [alerts = ""] = /^## Alerts\n[^]*?(?=^## )/m.exec(page) ?? [];
  return { alerts, rest: page.replace(alerts, "") };
}

const entries = (text: string): (string | undefined)[] =>
  [...text.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);

describe("the documentation", () => {
  test("has one entry for every reason and every alert, in their order, and none for an unknown one", () => {
    const { alerts, rest } = operations();
    assert.deepEqual(entries(rest), [...REASONS]);
    assert.deepEqual(entries(alerts), [...new Set(readAlerts().map(({ alert }) => alert))]);
  });

  test("is where the runbook links of the alerts lead", () => {
    for (const { alert, annotations } of readAlerts()) {
      const [, page = "", anchor = ""] = /\/blob\/main\/([^#]+)#(.+)$/.exec(annotations.runbook_url) ?? [];
      assert.equal(anchor, alert.toLowerCase());
      assert.ok(anchors(page).has(anchor), annotations.runbook_url);
    }
  });

  for (const page of PAGES) test(`has no dead link in ${page}`, () => assert.deepEqual(deadLinks(page), []));

  test("has every state of a service, and no other", () => {
    const [, states = ""] = /^## States of a service\n([^]*?)^## /m.exec(read("docs/operations.md")) ?? [];
    const rows = [...states.matchAll(/^\| `(\w+)` \|/gm)].map(([, state]) => state);
    assert.equal(rows.length, STANDINGS.length);
    assert.deepEqual(new Set(rows), new Set(STANDINGS));
  });

  test("lists the exit codes that there are, as `leafd help` does, in the same words", async () => {
    const listed = (text: string) => {
      const [, list = ""] = /^Exit codes: ([^]*?)\.?\n(?:\n|$)/m.exec(text) ?? [];
      return list.replaceAll("\n", " ").split(" · ");
    };
    const readme = listed(read("README.md"));
    assert.deepEqual(
      readme.map((each) => Number.parseInt(each, 10)),
      Object.values(EXIT),
    );
    assert.deepEqual(listed((await leafd("help")).out), readme);
  });

  test("names in each help text only exit codes that there are; those of monitoring plugins apart from them", async () => {
    for (const [name, load] of Object.entries(COMMANDS)) {
      const { help } = await load();
      const list = /^Exit codes: [^]*?(?:\n\n|$)/m.exec(help)?.[0] ?? "";
      const codes = listedCodes(list);
      assert.ok(
        codes.every((code) => Object.values<number>(EXIT).includes(code)),
        `${name}: ${list}`,
      );
      const [others = ""] = /^Exit codes with [^]*/m.exec(help) ?? [];
      assert.deepEqual(listedCodes(others), name === "status" ? Object.values(PLUGIN_EXIT) : [], name);
    }
  });
});

function listedCodes(list: string): number[] {
  return [...list.matchAll(/(?:: |·\s)(\d+) /g)].map(([, code]) => Number(code));
}
