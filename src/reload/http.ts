import { readFile } from "node:fs/promises";
import { type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { LeafdError } from "../domain/errors.ts";
import type { ReloadStep } from "../domain/reload-spec.ts";
import { formatDuration } from "../domain/units.ts";
import type { Clock } from "../rotation/ports.ts";
import { deadlineOf } from "./deadline.ts";

type HttpStep = Extract<ReloadStep, { kind: "http" }>;

/** An answer's body is read and thrown away; one that is larger than this is cut off. */
const BODY_LIMIT = 64 * 1024;
const HEADER_LIMIT = 16 * 1024;

/**
 * Sends one request on a connection of its own. A redirect is an answer like any other: it is not followed. A refused
 * connection is a failure, because nobody can tell a stopped dependent from a wrong port.
 */
export async function runHttp(step: HttpStep, clock: Clock, signal: AbortSignal): Promise<string> {
  const name = requestName(step);
  if (signal.aborted) throw new LeafdError("cancelled", `${name} was stopped before it ended`);
  const headers = { ...step.headers, ...(await readHeaders(step)) };
  const ca = step.caFile === undefined ? {} : { ca: await readNamedFile(step.caFile, "the CA file") };
  const deadline = deadlineOf(step.timeout, clock, signal);
  try {
    const options = { method: step.method, headers, agent: false, signal: deadline.signal, ...ca } as const;
    const status = await exchange(step.url, options);
    if (step.expect.includes(status)) return `${name} answered ${status}`;
    throw new LeafdError("reload_failed", `${name} answered ${status}, expected ${step.expect.join(" or ")}`, {
      hint: "The dependent's own log says why it refused.",
    });
  } catch (error) {
    if (error instanceof LeafdError) throw error;
    if (signal.aborted) throw new LeafdError("cancelled", `${name} was stopped before it ended`);
    if (deadline.signal.aborted)
      throw new LeafdError("reload_timeout", `${name} was not answered within ${formatDuration(step.timeout)}`);
    throw new LeafdError("reload_failed", `${name} failed (${codeOf(error)})`, {
      hint: "Is the dependent running, is this its address, and does caFile hold the CA of an https address?",
    });
  } finally {
    deadline.clear();
  }
}

/** The request without what may be secret in a URL: credentials, query. */
function requestName({ method, url }: HttpStep): string {
  const { origin, pathname } = new URL(url);
  return `${method} ${origin}${pathname}`;
}

async function readHeaders({ headerFiles }: HttpStep): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, path] of Object.entries(headerFiles)) {
    const value = (await readNamedFile(path, `the value of the header ${name}`)).trim();
    if (value === "" || value.length > HEADER_LIMIT || !/^[\t\u0020-\u007e\u0080-\u00ff]*$/.test(value))
      throw new LeafdError("reload_failed", `${path} does not hold a value for the header ${name}`, {
        hint: "The file must hold one line of text, at most 16 KiB.",
      });
    headers[name] = value;
  }
  return headers;
}

async function readNamedFile(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new LeafdError("reload_failed", `${path}, ${what}, cannot be read (${codeOf(error)})`, {
      hint: "Let the file exist and be readable for the user that leafd runs as.",
    });
  }
}

/** The status code, once the body is over. The status is the answer: how the body ends does not matter. */
function exchange(url: string, options: RequestOptions): Promise<number> {
  const send = url.startsWith("https:") ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(url, options);
    request.on("error", reject);
    request.once("response", (response) => {
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > BODY_LIMIT) response.destroy();
      });
      response.on("error", () => {});
      response.once("close", () => resolve(response.statusCode ?? 0));
    });
    request.end();
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
