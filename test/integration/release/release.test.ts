import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";
import { copyCheckout, makeRelease } from "../../support/checkout-copy.ts";
import { tempDir } from "../../support/temp-dir.ts";

/* What `npm run release` makes: the same from the same sources, with a bill of what is in it and the licences of that. */

const run = promisify(execFile);
const CHECKOUT = join(import.meta.dirname, "../../..");
const MOMENT = "1700000000";
const RELEASED = ["leafd.mjs", "leafd.cdx.json", "THIRD-PARTY-LICENSES.txt", "SHA256SUMS"];

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly "bom-ref": string;
  readonly licenses: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
  readonly hashes: readonly { readonly alg: string; readonly content: string }[];
}

interface Bill {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const { version } = JSON.parse(await readFile(join(CHECKOUT, "package.json"), "utf8"));
const ARCHIVE = `leafd-${version}.tar.gz`;

/** Every file of dist/ by name, after a release was made in this checkout. */
async function release(checkout: string): Promise<ReadonlyMap<string, Buffer>> {
  await makeRelease(checkout, MOMENT);
  const files = [...RELEASED, ARCHIVE].map(
    async (name) => [name, await readFile(join(checkout, "dist", name))] as const,
  );
  return new Map(await Promise.all(files));
}

describe("a release", () => {
  let files: ReadonlyMap<string, Buffer>;
  let bill: Bill;
  before(async () => {
    files = await release(CHECKOUT);
    bill = JSON.parse(textOf("leafd.cdx.json"));
  });
  const textOf = (name: string) => String(files.get(name));
  const contentOf = async (path: string) => {
    const { stdout } = await run("tar", ["-xzOf", join(CHECKOUT, "dist", ARCHIVE), `leafd-${version}/${path}`], {
      encoding: "buffer",
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout;
  };

  test("made elsewhere from the same sources is the same to the byte", async () => {
    await using elsewhere = await tempDir();
    await copyCheckout(elsewhere.path);
    const charts = elsewhere.join("deploy/kubernetes/chart-example/charts");
    await mkdir(charts);
    await writeFile(join(charts, `leafd-${version}.tgz`), "as helm leaves it");
    const others = await release(elsewhere.path);
    for (const [name, content] of files) assert.ok(content.equals(others.get(name) ?? Buffer.alloc(0)), name);
  });

  test("has what a host needs, belongs to root, and has the time of its commit", async () => {
    const { stdout } = await run("tar", ["--utc", "--full-time", "--numeric-owner", "-tvzf", ARCHIVE], {
      cwd: join(CHECKOUT, "dist"),
    });
    const lines = stdout.trim().split("\n");
    for (const line of lines) assert.match(line, /^-rw[-x]r-[-x]r-[-x] 0\/0 +\d+ 2023-11-14 22:13:20 leafd-/);
    const paths = lines.map((line) => line.replace(/^.* leafd-[^/]+\//, ""));
    for (const path of ["LICENSE", "README.md", "CHANGELOG.md", "config/leafd.example.yaml", "docs/operations.md"])
      assert.ok(paths.includes(path), path);
    for (const path of ["deploy/prometheus/leafd.rules.yaml", "deploy/grafana/leafd.json", "config/leafd.schema.json"])
      assert.ok(paths.includes(path), path);
    assert.deepEqual(
      paths.filter((path) => /\.ts$|node_modules|(^|\/)\./.test(path)),
      [],
    );
    assert.ok(lines.some((line) => line.startsWith("-rwxr-xr-x") && line.endsWith("/leafd.mjs")));
    assert.ok((await contentOf("leafd.mjs")).equals(files.get("leafd.mjs") ?? Buffer.alloc(0)));
  });

  test("has checksums that sha256sum confirms", async () => {
    const { stdout } = await run("sha256sum", ["--check", "SHA256SUMS"], { cwd: join(CHECKOUT, "dist") });
    for (const name of [...RELEASED.filter((each) => each !== "SHA256SUMS"), ARCHIVE])
      assert.match(stdout, new RegExp(`^${name}: OK$`, "m"));
  });

  test("lists each package that is in the program, as CycloneDX 1.6 and with a licence", () => {
    const { bomFormat, specVersion, serialNumber, metadata, components, dependencies } = bill;
    assert.deepEqual([bomFormat, specVersion], ["CycloneDX", "1.6"]);
    assert.match(serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const program = createHash("sha256").update(textOf("leafd.mjs")).digest("hex");
    assert.deepEqual(metadata.component.hashes, [{ alg: "SHA-256", content: program }]);
    for (const { name, version: its, purl, licenses, hashes } of components) {
      assert.equal(purl, `pkg:npm/${encodeURIComponent(name).replace("%2F", "/")}@${its}`);
      assert.match(licenses[0]?.license?.id ?? licenses[0]?.expression ?? "", /^(MIT|ISC|Apache-2\.0|BSD-\d-Clause)$/);
      assert.match(hashes[0]?.content ?? "", /^[0-9a-f]{128}$/);
    }
    const refs = components.map((each) => each["bom-ref"]);
    assert.equal(new Set(refs).size, refs.length);
    assert.deepEqual(dependencies, [{ ref: metadata.component["bom-ref"], dependsOn: refs }]);
  });

  test("forgets none: what the program depends on by package.json is in the list", async () => {
    const { dependencies } = JSON.parse(await readFile(join(CHECKOUT, "package.json"), "utf8"));
    const listed = new Map(bill.components.map((each) => [each.name, each.version]));
    for (const [name, wanted] of Object.entries(dependencies)) assert.equal(listed.get(name), wanted, name);
    // What only a package depends on: pino writes with it.
    assert.ok(listed.has("sonic-boom"));
    assert.ok(!listed.has("axios"), "the program speaks to Vault through its own transport");
  });

  test("has the licence text of each", () => {
    const parts = textOf("THIRD-PARTY-LICENSES.txt").split(/^={80}\n(.+)\n={80}$/m);
    const texts = new Map(parts.flatMap((title, at) => (at % 2 === 1 ? [[title, parts[at + 1] ?? ""] as const] : [])));
    assert.equal(texts.size, bill.components.length);
    for (const { name, version: its, licenses } of bill.components) {
      const text = texts.get(`${name} ${its} (${licenses[0]?.license?.id ?? licenses[0]?.expression})`);
      assert.ok(text !== undefined && /permission|licen[cs]e|public domain/i.test(text), name);
    }
  });
});
