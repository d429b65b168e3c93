import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ClusterSpec } from "../../domain/cluster-spec.ts";
import { Secret } from "../../domain/secret.ts";
import type { Clock, Emit } from "../../rotation/ports.ts";
import { fieldsOf, textOf } from "../replies.ts";
import { digestOf } from "./credential-file.ts";

interface KeptOptions {
  readonly cluster: ClusterSpec;
  readonly stateDir: string;
  readonly persist: boolean;
  readonly clock: Clock;
  readonly emit: Emit;
}

interface Kept {
  /** The digest of the wrapping token it came out of: tells a new delivery from the old one. */
  readonly wrapping: string;
  readonly secretId: Secret<string>;
}

const READ_HINT = "deliver a new wrapping token: the one before has been used, by leafd itself";
const WRITE_HINT = "free or repair `stateDir` before leafd restarts, or have a new wrapping token at hand";

/**
 * The unwrapped secret-id of one cluster: in memory, and unless `persist` is false in `stateDir/vault/<cluster>.json`
 * (0600), so that a restart can log in although its wrapping token is used up.
 */
export class KeptSecretId {
  readonly #options: KeptOptions;
  readonly #path: string;
  #kept: Kept | undefined;

  constructor(options: KeptOptions) {
    this.#options = options;
    this.#path = join(options.stateDir, "vault", `${options.cluster.name}.json`);
  }

  /** The one of this process, else the one on disk, else undefined. */
  async read(): Promise<Kept | undefined> {
    if (this.#kept === undefined && this.#options.persist) this.#kept = await this.#readFile();
    return this.#kept;
  }

  /** A disk that cannot be written is a warning: this process can log in, the next one will need a new delivery. */
  async write(wrapping: Secret<string>, secretId: Secret<string>): Promise<void> {
    this.#kept = { wrapping: digestOf(wrapping.reveal()), secretId };
    if (!this.#options.persist) return;
    try {
      await writeDurably(
        this.#path,
        JSON.stringify({ version: 1, wrapping: this.#kept.wrapping, secretId: secretId.reveal() }),
      );
    } catch (error) {
      this.#warn(`could not be kept: ${codeOf(error)}`, WRITE_HINT);
    }
  }

  /** Of one that is there and cannot be read it is said before the login fails: `wrap_consumed` would look like theft. */
  async #readFile(): Promise<Kept | undefined> {
    try {
      const file = fieldsOf(JSON.parse(await readFile(this.#path, "utf8")));
      const [wrapping, secretId] = [textOf(file.wrapping), textOf(file.secretId)];
      if (wrapping !== undefined && secretId !== undefined) return { wrapping, secretId: new Secret(secretId) };
      this.#warn("cannot be understood", READ_HINT);
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ENOENT") this.#warn(`could not be read: ${code}`, READ_HINT);
    }
    return undefined;
  }

  #warn(what: string, hint: string): void {
    const { clock, cluster, emit } = this.#options;
    const message = `the unwrapped secret-id in ${this.#path} ${what}`;
    emit({ kind: "warning", at: clock.now(), subject: `cluster ${cluster.name}`, reason: "io_error", message, hint });
  }
}

function codeOf(error: unknown): string {
  if (error instanceof SyntaxError) return "it is no JSON";
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}

/** A new file beside the old one, flushed, then renamed over it, and the directory flushed. */
async function writeDurably(path: string, text: string): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString("hex")}`;
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  try {
    await flushed(await open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, 0o600), (file) =>
      file.writeFile(text),
    );
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushed(await open(directory, "r"), async () => undefined);
}

async function flushed(file: FileHandle, work: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
