import { fstatSync } from "node:fs";
import pino from "pino";
import type { LogSpec } from "../domain/spec.ts";
import type { Emit } from "../rotation/ports.ts";
import { type Level, levelOf } from "./log-messages.ts";
import { type LogRecord, logRecord } from "./log-record.ts";
import { createSampling, type Sample } from "./log-sampling.ts";

interface LogOptions extends LogSpec {
  /** An open file descriptor: 1 or 2. Written synchronously, so that the last line before an exit is not lost. */
  readonly fd: number;
  /** The variable JOURNAL_STREAM: when it names `fd`, lines begin with their priority, and text leaves the time to journald. */
  readonly journalStream?: string;
}

/** Lines that are kept while the descriptor takes none (a full disk); beyond that they are lost, and leafd goes on. */
const BACKLOG_BYTES = 1024 * 1024;

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** As sd-daemon(3) and syslog(3) number them. */
const PRIORITY: Readonly<Record<Level, string>> = { debug: "<7>", info: "<6>", warn: "<4>", error: "<3>" };

/**
 * The log: one line an event, JSON or text, but for failures that repeat themselves; docs/logs.md lists the fields. Who
 * reads at level debug gets every line. Never throws, whatever the descriptor does.
 */
export function createLog(options: LogOptions): Emit {
  const destination = pino.destination({ fd: options.fd, sync: true, maxLength: BACKLOG_BYTES });
  destination.on("error", () => {}); // There is nowhere left to say so.
  const journal = isJournal(options);
  const write = options.format === "json" ? jsonWriter(destination, journal) : textWriter(destination, journal);
  const sample: Sample = options.level === "debug" ? () => 0 : createSampling();
  return (event) => {
    const level = levelOf(event);
    const repeated = sample(event); // Also of what is not written: it may end a failure.
    if (repeated !== undefined && RANK[level] >= RANK[options.level]) write(level, logRecord(event, repeated));
  };
}

type Destination = ReturnType<typeof pino.destination>;
type Write = (level: Level, record: LogRecord) => void;

function jsonWriter(destination: Destination, journal: boolean): Write {
  let priority = "";
  const logger = pino(
    { level: "debug", base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    journal ? { write: (line) => destination.write(`${priority}${line}`) } : destination,
  );
  return (level, { msg, ...fields }) => {
    priority = PRIORITY[level];
    logger[level](fields, msg);
  };
}

function textWriter(destination: Destination, journal: boolean): Write {
  return (level, { time, service, msg, hint, repeated }) => {
    const head = journal ? PRIORITY[level] : `${time} ${level.padEnd(5)} `;
    const tail = `${hint === undefined ? "" : ` — ${hint}`}${repeated === undefined ? "" : ` (lines left out: ${repeated})`}`;
    destination.write(`${head}${service === undefined ? "" : `${service}: `}${msg}${tail}\n`);
  };
}

function isJournal({ fd, journalStream }: LogOptions): boolean {
  if (journalStream === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return journalStream === `${dev}:${ino}`;
}
