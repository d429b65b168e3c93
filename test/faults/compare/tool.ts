import type { TestPki } from "../../support/pki-setup.ts";
import type { TempDir } from "../../support/temp-dir.ts";

/** `files`: key, certificate and CA in files of their own. `bundle`: all in one file, for dependents that can read that. */
export const LAYOUTS = ["files", "bundle"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** What a row asks of a tool; everything else is the tool's own best documented configuration. */
export interface Wish {
  readonly layout: Layout;
  /** Run after each renewal; a program and its arguments. */
  readonly command?: readonly string[];
  /** A TLS server at this loopback port serves the pair: for tools that can look whether it does. */
  readonly probe?: { readonly port: number; readonly serverName: string };
  /** The longest wait between two tries of a request, for tools that have such a setting: `5s`. */
  readonly longestBackoff?: string;
}

/** Where a tool is to be set up. */
export interface Site {
  /** Of the server, or of what stands before it. */
  readonly address: string;
  readonly pki: TestPki;
  /** Configuration, credentials and state. */
  readonly room: TempDir;
  /** What the dependents read; there already, and empty. */
  readonly directory: string;
}

/** A tool that has been configured and can be started, again and again. */
export interface Installation {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Where a dependent finds its key and its certificate: absolute, and the same file in a bundle. */
  readonly files: PairFiles;
  /** A line of its log that says: a request to the server failed, and will be tried again. */
  readonly failedAttempt: RegExp;
  /** A line of its log that an operator should see. */
  readonly warning: RegExp;
}

export interface PairFiles {
  readonly key: string;
  readonly certificate: string;
}

/** One of those that are compared. */
export interface Tool {
  readonly name: string;
  /** As it says it. */
  readonly version: string;
  /** How it was configured, and why so: sentences for the page. */
  readonly notes: readonly string[];
  /** Its configuration for a wish, as the page shows it. */
  install(site: Site, wish: Wish): Promise<Installation>;
}

/** The name that every tool asks a certificate for. */
export const COMMON_NAME = "web.svc";
