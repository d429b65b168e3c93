import { type EpochMillis, formatDuration } from "../../domain/units.ts";

/** What is known of one service at one moment. */
export interface Row {
  readonly name: string;
  /** The serial of the certificate on disk. */
  readonly onDisk?: string;
  /** The serial that the last new handshake with this service showed; absent for one that only calls. */
  readonly served?: string;
  readonly notAfter?: EpochMillis;
  /** Certificates after the first one that the service took up. */
  readonly rotations: number;
  /** When it last took one up. */
  readonly reloadedAt?: EpochMillis;
  /** Its own calls, by what became of them. */
  readonly ok: number;
  readonly denied: number;
  readonly failed: number;
}

const HEADINGS = [
  "SERVICE",
  "ON DISK",
  "SERVED",
  "EXPIRES IN",
  "ROTATIONS",
  "LAST RELOAD",
  "CALLS OK",
  "DENIED",
  "FAILED",
];

/** The services as aligned lines, the headings first; cut to so many columns. */
export function renderTable(rows: readonly Row[], now: EpochMillis, columns: number): string[] {
  return aligned([HEADINGS, ...rows.map((row) => cells(row, now))]).map((line) => line.slice(0, columns));
}

/** Rows of cells as lines, each column as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(width(column)))
      .join("  ")
      .trimEnd(),
  );
}

/** Enough of a serial to tell two apart. */
export function shortSerial(serial: string): string {
  return serial.slice(0, 8);
}

function cells(row: Row, now: EpochMillis): string[] {
  const { name, onDisk, served, notAfter, rotations, reloadedAt, ok, denied, failed } = row;
  return [
    name,
    onDisk === undefined ? "-" : shortSerial(onDisk),
    served === undefined ? "-" : shortSerial(served),
    notAfter === undefined ? "-" : notAfter <= now ? "expired" : formatDuration(notAfter - now),
    String(rotations),
    reloadedAt === undefined ? "-" : `${formatDuration(Math.max(0, now - reloadedAt))} ago`,
    String(ok),
    String(denied),
    String(failed),
  ];
}
