import assert from "node:assert/strict";

/** What looks like a token of Vault or OpenBao. */
const TOKEN = /\bhv[sbr]\.[\w-]{8,}|\b[sbr]\.[A-Za-z0-9]{24,}/;

/** Texts by where they were seen: `status --json`, `/metrics`, `the environment of a hook`. */
export type Told = Readonly<Record<string, string>>;

/**
 * Secrets that were planted, and that nothing may tell. Each comes with a text that holds it by right (the file that it
 * was read from, the request that carried it), so that the search itself is seen to find it.
 */
export class Canaries {
  readonly #planted: { readonly name: string; readonly value: string }[] = [];

  plant(name: string, value: string, home: string): void {
    const canary = { name, value };
    assert.ok(isIn(home, canary.value), `${name} is not even where it belongs`);
    this.#planted.push(canary);
  }

  /** The lines of a PEM private key that say something about it. */
  plantKey(name: string, pem: string): void {
    const lines = pem.split("\n").filter((line) => line.length > 40 && !line.startsWith("-----"));
    assert.ok(lines.length > 1 && pem.includes("PRIVATE KEY"), `${name} is no private key`);
    for (const line of lines.slice(1)) this.plant(name, line, pem);
  }

  /** A token that leafd was given and nobody else knows: any text of its shape is one. */
  plantToken(example: string): void {
    assert.match(example, TOKEN);
  }

  /** Throws when a canary, or anything that looks like a token or a private key, was told anywhere. */
  assertUntold(told: Told): void {
    for (const [where, text] of Object.entries(told)) {
      for (const { name, value } of this.#planted)
        assert.ok(!isIn(text, value), `${name} is told by ${where}:\n${text}`);
      assert.doesNotMatch(text, TOKEN, where);
      assert.ok(!text.includes("PRIVATE KEY-----"), `a private key is told by ${where}`);
    }
  }
}

/** As it is, or in one of the clothes in which texts travel. */
function isIn(text: string, secret: string): boolean {
  const bytes = Buffer.from(secret);
  const forms = [
    secret,
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("hex"),
    encodeURIComponent(secret),
  ];
  return forms.some((form) => text.includes(form));
}
