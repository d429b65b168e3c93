import assert from "node:assert/strict";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { RotationEvent } from "../../../src/domain/events.ts";
import type { LogSpec } from "../../../src/domain/spec.ts";
import { createLog } from "../../../src/observe/log.ts";
import { ALL_EVENTS, EVENTS, LEAF } from "../../support/events.ts";
import { tempDir } from "../../support/temp-dir.ts";

interface Options extends Partial<LogSpec> {
  readonly journal?: boolean;
}

/** What the log writes for these events. */
async function logged(events: readonly RotationEvent[], { journal = false, ...spec }: Options = {}): Promise<string> {
  await using dir = await tempDir();
  const path = dir.join("log");
  const fd = openSync(path, "a");
  const { dev, ino } = fstatSync(fd);
  const stream = journal ? { journalStream: `${dev}:${ino}` } : {};
  const emit = createLog({ level: "debug", format: "json", ...spec, fd, ...stream });
  for (const event of events) emit(event);
  const text = readFileSync(path, "utf8"); // Before the descriptor is closed: every line is there at once.
  closeSync(fd);
  return text;
}

async function loggedJson(event: RotationEvent): Promise<Record<string, unknown>> {
  return JSON.parse(await logged([event]));
}

describe("the log as JSON", () => {
  it("is one line an event, of every kind, with the same first fields", async () => {
    const lines = (await logged(ALL_EVENTS)).trimEnd().split("\n");
    assert.equal(lines.length, ALL_EVENTS.length);
    for (const [index, line] of lines.entries()) {
      const record = JSON.parse(line);
      assert.equal(record.event, ALL_EVENTS[index]?.kind);
      assert.equal(record.time, "2026-01-01T12:00:00.000Z");
      assert.ok(["debug", "info", "warn", "error"].includes(record.level), line);
      assert.ok(record.msg.length > 0 && !/undefined|NaN|\[object/.test(line), line);
      assert.deepEqual(Object.keys(record).slice(0, 3), ["level", "time", "event"]);
    }
  });

  it("says of a token how long it lives, also when it does not end, and of a stop how long it took", async () => {
    const said = async (changes: Partial<typeof EVENTS.logged_in>) =>
      (await loggedJson({ ...EVENTS.logged_in, ...changes }))["msg"];
    assert.equal(await said({}), "logged in to default by approle, for 1h");
    assert.equal(await said({ renewable: false }), "logged in to default by approle, for 1h, not renewable");
    assert.equal(
      await said({ ttl: 0, renewable: false }),
      "logged in to default by approle, with a token that does not end",
    );
    assert.equal((await loggedJson(EVENTS.stopped))["msg"], "stopped in 40ms");
  });

  it("says of a failure what, where, why and what to do", async () => {
    assert.deepEqual(await loggedJson(EVENTS.rotation_failed), {
      level: "error",
      time: "2026-01-01T12:00:00.000Z",
      event: "rotation_failed",
      service: "payments",
      cause: "renewal_due",
      stage: "issue",
      issuer: "main",
      reason: "sealed",
      hint: "Unseal it.",
      failures: 2,
      retryAt: "2026-01-01T12:01:00Z",
      msg: "no certificate was issued: Vault is sealed (sealed); failure 2, again at 2026-01-01T12:01:00Z",
    });
  });

  it("tells of a certificate by its serial, fingerprint and times, and names the units of durations", async () => {
    const record = await loggedJson(EVENTS.published);
    assert.equal(record["serial"], LEAF.serial);
    assert.equal(record["fingerprint"], LEAF.fingerprint);
    assert.equal(record["notAfter"], "2026-01-01T13:00:00Z");
    assert.equal(record["due"], "2026-01-01T12:40:00Z");
    assert.equal(record["tookMs"], 20);
    assert.equal(record["requestHash"], undefined);
  });

  it("stays on one line and steers no terminal, whatever the message holds", async () => {
    const message = "a\nb\r\n\u001b[2Jc\u0085d\u2028e\u009bf\u202eg %s %d 100%";
    const text = await logged([{ ...EVENTS.warning, message }]);
    assert.equal(text.split("\n").length, 2);
    assert.doesNotMatch(text.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    assert.equal(JSON.parse(text).msg, "ledger: a\\nb\\r\\n\\u001b[2Jc\\u0085d\\u2028e\\u009bf\\u202eg %s %d 100%");
  });

  it("cuts what is too long", async () => {
    const text = await logged([{ ...EVENTS.warning, message: "x".repeat(1_000_000) }]);
    assert.ok(text.length < 10_000);
  });
});

describe("the log as text", () => {
  it("is a line for people with the hint", async () => {
    const text = await logged([EVENTS.login_failed, EVENTS.rotation_failed], { format: "text" });
    assert.equal(
      text,
      "2026-01-01T12:00:00.000Z error login to default by approle failed: invalid secret id (login_denied)\n" +
        "2026-01-01T12:00:00.000Z error payments: no certificate was issued: Vault is sealed (sealed); failure 2, again at 2026-01-01T12:01:00Z — Unseal it.\n",
    );
  });

  it("keeps a refused configuration of several lines on one", async () => {
    const text = await logged([EVENTS.config_rejected], { format: "text" });
    assert.match(text, /unknown key\\n {2}sevices:\\n {2}\^\n$/);
    assert.equal(text.split("\n").length, 2);
  });

  it("carries priorities instead of times under journald", async () => {
    const events = [EVENTS.started, EVENTS.warning, EVENTS.rotation_failed, EVENTS.delivered];
    const lines = (await logged(events, { format: "text", journal: true })).split("\n");
    assert.deepEqual(
      lines.map((line) => line.slice(0, 4)),
      ["<6>l", "<4>l", "<3>p", "<7>p", ""],
    );
  });

  it("has them as JSON as well, where journald takes them off again", async () => {
    const lines = (await logged([EVENTS.started, EVENTS.rotation_failed], { journal: true })).trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => [line.slice(0, 3), JSON.parse(line.slice(3)).event]),
      [
        ["<6>", "started"],
        ["<3>", "rotation_failed"],
      ],
    );
  });

  it("takes no notice of a JOURNAL_STREAM that is another descriptor's", async () => {
    await using dir = await tempDir();
    const fd = openSync(dir.join("log"), "a");
    createLog({ level: "info", format: "text", fd, journalStream: "1:2" })(EVENTS.started);
    closeSync(fd);
    assert.match(readFileSync(dir.join("log"), "utf8"), /^2026-/);
  });
});

describe("the level", () => {
  it("silences what is below it", async () => {
    const kinds = async (level: LogSpec["level"]) => (await logged(ALL_EVENTS, { level })).trimEnd().split("\n").length;
    assert.equal(await kinds("debug"), ALL_EVENTS.length);
    const [info, warn, error] = [await kinds("info"), await kinds("warn"), await kinds("error")];
    assert.ok(ALL_EVENTS.length > info && info > warn && warn > error && error > 0, `${info} ${warn} ${error}`);
  });
});

describe("a failure that repeats itself", () => {
  const events = [...Array.from({ length: 7 }, () => EVENTS.rotation_failed), EVENTS.published];

  it("is written now and then, with the number of lines that were left out", async () => {
    const lines = (await logged(events, { level: "info" })).trimEnd().split("\n");
    const records = lines.map((line) => JSON.parse(line));
    assert.deepEqual(
      records.map(({ event, repeated }) => [event, repeated]),
      [
        ["rotation_failed", undefined],
        ["rotation_failed", undefined],
        ["rotation_failed", 1],
        ["published", 3],
      ],
    );
    const text = (await logged(events, { level: "info", format: "text" })).trimEnd().split("\n");
    assert.match(text[2] ?? "", / — Unseal it\. \(lines left out: 1\)$/);
    assert.match(text[3] ?? "", /payments: published \(missing\), .* \(lines left out: 3\)$/);
  });

  it("is over with a success that the level silences", async () => {
    const failures = [EVENTS.rotation_failed, EVENTS.rotation_failed];
    const lines = (await logged([...failures, EVENTS.published, ...failures], { level: "error" }))
      .trimEnd()
      .split("\n");
    assert.equal(lines.length, 4);
  });

  it("is written each time at level debug", async () => {
    assert.equal((await logged(events)).trimEnd().split("\n").length, events.length);
  });
});

describe("a descriptor that takes nothing", () => {
  it("neither stops leafd nor fills its memory", () => {
    const fd = openSync("/dev/full", "w");
    const emit = createLog({ level: "debug", format: "json", fd });
    const before = process.memoryUsage().rss;
    const long = "x".repeat(4000);
    for (let turn = 0; turn < 20_000; turn++) emit({ ...EVENTS.rotation_failed, message: long, hint: long });
    closeSync(fd);
    assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024);
  });
});
