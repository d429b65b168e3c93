import { fstatSync } from "node:fs";
import pino from "pino";
import type { RotationEvent } from "../domain/events.ts";
import type { LogSpec } from "../domain/spec.ts";
import type { Emit } from "../rotation/ports.ts";
import { type Level, levelOf } from "./log-messages.ts";
import { logRecord } from "./log-record.ts";

interface LogOptions extends LogSpec {
  /** An open file descriptor: 1 or 2. Written synchronously, so that the last line before an exit is not lost. */
  readonly fd: number;
  /** The variable JOURNAL_STREAM: when it names `fd`, text lines carry the priority and leave the time to journald. */
  readonly journalStream?: string;
}

/** Lines that are kept while the descriptor takes none (a full disk); beyond that they are lost, and leafd goes on. */
const BACKLOG_BYTES = 1024 * 1024;

const RANK: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };
/** As sd-daemon(3) and syslog(3) number them. */
const PRIORITY: Readonly<Record<Level, string>> = { debug: "<7>", info: "<6>", warn: "<4>", error: "<3>" };

/** The log: one line an event, JSON or text; docs/logs.md lists the fields. Never throws, whatever the descriptor does. */
export function createLog(options: LogOptions): Emit {
  const destination = pino.destination({ fd: options.fd, sync: true, maxLength: BACKLOG_BYTES });
  destination.on("error", () => {}); // There is nowhere left to say so.
  const write = options.format === "json" ? jsonWriter(destination) : textWriter(destination, isJournal(options));
  return (event) => {
    const level = levelOf(event);
    if (RANK[level] >= RANK[options.level]) write(level, event);
  };
}

type Destination = ReturnType<typeof pino.destination>;
type Write = (level: Level, event: RotationEvent) => void;

function jsonWriter(destination: Destination): Write {
  const logger = pino(
    { level: "debug", base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } },
    destination,
  );
  return (level, event) => {
    const { msg, ...fields } = logRecord(event);
    logger[level](fields, msg);
  };
}

function textWriter(destination: Destination, journal: boolean): Write {
  return (level, event) => {
    const { time, service, msg, hint } = logRecord(event);
    const head = journal ? PRIORITY[level] : `${time} ${level.padEnd(5)} `;
    destination.write(
      `${head}${service === undefined ? "" : `${service}: `}${msg}${hint === undefined ? "" : ` — ${hint}`}\n`,
    );
  };
}

function isJournal({ fd, journalStream }: LogOptions): boolean {
  if (journalStream === undefined) return false;
  const { dev, ino } = fstatSync(fd);
  return journalStream === `${dev}:${ino}`;
}
