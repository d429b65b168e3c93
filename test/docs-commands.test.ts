import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import test, { describe } from "node:test";
import { COMMANDS } from "../src/cli/commands.ts";
import { EXIT } from "../src/cli/exit-codes.ts";
import { type Block, beginsAfter, blocksOf, missingLine, PAGES, placeOf, readPage } from "./support/doc-blocks.ts";
import { type DocRoom, docRoom } from "./support/doc-room.ts";
import { leafd } from "./support/terminal.ts";
import { waitFor } from "./support/wait-for.ts";

/* What the documentation tells its reader to type: it is run, or says why not, and the program knows every option. */

const CHECKOUT = join(import.meta.dirname, "..");
/** A page is read by a machine that may have other things to do. */
const PATIENCE = 60_000;

/** After `leafd`: the list of commands, and what it says of itself (`leafd is not running`). */
const NO_COMMAND: ReadonlySet<string> = new Set(["help", "is", "needs"]);

const isRun = (block: Block): boolean => block.language === "sh" && block.notRun === undefined;

/** The pages with commands that are run, less those that another one begins after. */
const walks = PAGES.filter((page) => blocksOf(page).some(isRun)).filter(
  (page, _, run) => !run.some((other) => beginsAfter(other) === page),
);

for (const page of walks)
  test(`the commands of ${page} do what it says, one after the other`, { timeout: 4 * 60_000 }, async (t) => {
    execFileSync(process.execPath, ["deploy/build.ts"], { cwd: CHECKOUT });
    await using room = await docRoom();
    for (const each of [beginsAfter(page), page]) {
      const blocks = each === undefined ? [] : blocksOf(each);
      for (const block of blocks) await follow(block, room);
      if (each !== undefined) t.diagnostic(`${each}: ${blocks.filter(isRun).length} blocks run`);
    }
  });

/** Does what the reader of a block does. */
async function follow(block: Block, room: DocRoom): Promise<void> {
  const { code, file, goesOn, prints } = block;
  if (file !== undefined) {
    const { failed, output } = await room.put(file, code);
    assert.equal(failed, undefined, `${placeOf(block)}: ${output}`);
  }
  if (!isRun(block)) return;
  if (goesOn) {
    const output = await room.start(code);
    const what = `${placeOf(block)} to print ${prints.join(" | ")}`;
    await waitFor(async () => missingLine(prints, await output()) === undefined, { what, within: PATIENCE });
    return;
  }
  const { failed, output } = await room.run(code);
  assert.equal(failed, undefined, `${placeOf(block)}: ${failed} failed:\n${output}`);
  assert.equal(missingLine(prints, output), undefined, `${placeOf(block)} does not print that, but:\n${output}`);
}

describe("the command lines of the documentation", () => {
  const blocks = PAGES.flatMap(blocksOf);

  test("are run, or it is said why not", () => {
    const marks = PAGES.flatMap((page) => readPage(page).match(/^<!-- (?:not run|goes on).*$/gm) ?? []);
    const used = blocks.filter(({ notRun, goesOn }) => notRun !== undefined || goesOn);
    assert.equal(used.length, marks.length, "a mark stands right above its block");
    assert.ok(blocks.filter(isRun).length > 20);
    for (const page of PAGES)
      assert.doesNotMatch(readPage(page), /^ {4}(leafd|npm|node|kubectl|bao|curl|systemctl) .*[^:]$/m, page);
    for (const block of blocks)
      assert.doesNotMatch(block.language, /^(bash|shell|console|zsh)$/, `${placeOf(block)}: sh`);
  });

  for (const block of blocks)
    for (const [name, ...args] of commandLines(block))
      test(`${placeOf(block)}: leafd ${[name, ...args].join(" ")} is one that it understands`, async () => {
        const { help } = await commandOf(name);
        // Without its configuration it reads the line and does nothing.
        const told = help.includes("--config") ? [...withoutConfig(args), "--config", "/nowhere/leafd.yaml"] : args;
        const { exitCode, err } = await leafd(name ?? "", ...told);
        assert.notEqual(exitCode, EXIT.usage, err);
      });

  test("have options that there are, also within a sentence", async () => {
    const mentions = PAGES.flatMap((page) =>
      [...readPage(page).matchAll(/`leafd (\w+)([^`]*)`/g)].map(([text, name, rest = ""]) => ({ text, name, rest })),
    );
    assert.ok(mentions.length > 20);
    for (const { text, name, rest } of mentions) {
      if (NO_COMMAND.has(name ?? "")) continue;
      const { help } = await commandOf(name);
      for (const [option] of rest.matchAll(/--[a-z-]+/g))
        assert.ok(option === "--help" || help.includes(option), `${text}: ${option}`);
    }
  });
});

async function commandOf(name: string | undefined) {
  const load = COMMANDS[name ?? ""];
  assert.ok(load, `there is no command ${name}`);
  return load();
}

/** The calls of leafd in a block of commands, or behind the prompt of a block that shows a terminal; in words. */
function commandLines({ language, code }: Block): string[][] {
  const calls = language === "sh" ? /(?:^|-- |[;&|] *|\+kill )leafd ([^|;&#>\n]+)/gm : /^\$ leafd (.+)/gm;
  return [...code.matchAll(calls)].map(([, rest = ""]) => rest.trim().split(/\s+/));
}

function withoutConfig(args: readonly string[]): string[] {
  const at = args.findIndex((arg) => arg === "--config" || arg === "-c");
  return at < 0 ? [...args] : args.toSpliced(at, 2);
}
