import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { readDocument } from "../../../src/config/document.ts";
import { errorOf, MINIMAL_CONFIG, minimalConfig, parseText, problemsOf } from "../../support/config-file.ts";

const TOO_DEEP = "nested more than 32 levels deep";

suite("YAML that is refused", () => {
  const cases: readonly (readonly [name: string, text: string, problem: string])[] = [
    ["broken", "vault: a: b\n", "1:8: not valid YAML: Nested mappings are not allowed in compact mappings"],
    [
      "not closed",
      "a: [1\nb: 2\n",
      "2:1: not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["a tab", "a:\n\tb: 1\n", "2:1: a tab cannot indent YAML; use blanks"],
    ["a key twice", "a: 1\nb: 2\na: 3\n", "3:1: this key is written twice in one map"],
    ["a key twice, of a service", minimalConfig(["output:", "identity:"]), "9:5: this key is written twice in one map"],
    ["two documents", "a: 1\n---\nb: 2\n", "2:1: a second YAML document starts here; a file holds one"],
    ["a tag", "a: !!js/function x\n", "1:4: tags are not supported"],
    ["a key that is no text", "? [a]\n: 1\n", "1:3: a key must be text; put it in quotes"],
    ["__proto__", "a:\n  __proto__: { admin: true }\n", '2:3: "__proto__" cannot be a key'],
    ["an alias of nothing", "a: *b\n", "1:4: no anchor of this name stands before it"],
    ["an alias of itself", "a: &b [*b]\n", `1:8: ${TOO_DEEP}`],
    ["brackets without end", `a: ${"[".repeat(500_000)}`, `1:36: ${TOO_DEEP}`],
    ["dashes without end", `a:\n${"- ".repeat(20_000)}`, `2:65: ${TOO_DEEP}`],
    [
      "a staircase",
      Array.from({ length: 40 }, (_, level) => `${" ".repeat(level)}a:`).join("\n"),
      `34:34: ${TOO_DEEP}`,
    ],
  ];
  for (const [name, text, problem] of cases)
    test(name, () => assert.equal(problemsOf(text)[0], `leafd.yaml:${problem}`));
});

test("aliases that multiply are stopped, quickly", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(", ")}]`,
    );
  const started = performance.now();
  const { findings } = readDocument("bomb.yaml", lines.join("\n"), {});
  assert.deepEqual(
    findings.map(({ message }) => message),
    ["aliases add more than 10000 values"],
  );
  assert.ok(performance.now() - started < 2000);
});

test("an alias stands for what it names", () => {
  const text = minimalConfig(
    ["services:\n", "services:\n  api: { identity: &names { dns: [a.b] }, output: { directory: /srv/api } }\n"],
    ["{ commonName: web.internal }", "*names"],
  );
  const { services } = parseText(text).settings;
  assert.deepEqual(services[0]?.request.names, services[1]?.request.names);
});

test("a mistake in what an alias names is shown once, where it is written", () => {
  const text = minimalConfig(
    ["services:\n", "services:\n  api: { identity: &names { dns: [a..b] }, output: { directory: /srv/api } }\n"],
    ["{ commonName: web.internal }", "*names"],
  );
  assert.deepEqual(problemsOf(text), [
    "leafd.yaml:7:35: services.api.identity.dns[0]: this DNS name is not a host name",
  ]);
});

test("line ends of Windows, a byte order mark and comments do not move the caret", () => {
  const text = MINIMAL_CONFIG.replaceAll("\n", "\r\n").replace("role: web", "rôle: web");
  const { findings = [] } = errorOf(() => parseText(`# é\r\n${text}`)) ?? {};
  assert.deepEqual(
    findings.map(({ line, column, source }) => [line, column, source]),
    [
      [6, 11, "  main: { vault: { rôle: web } }"],
      [6, 20, "  main: { vault: { rôle: web } }"],
    ],
  );
});

suite("secrets in the file are not shown with an error beside them", () => {
  const secret = "hvs.CAESIJ";
  const cases: readonly (readonly [name: string, text: string])[] = [
    ["a token", minimalConfig(["{ tokenFile: /run/token }", `{ token: "${secret}", mont: x }`])],
    [
      "a secret id where none belongs",
      minimalConfig(["{ tokenFile: /run/token }", `{ approle: { secretId: ${secret} } }`]),
    ],
    ["a header", `${MINIMAL_CONFIG}    reload: [http: { url: x, headers: { X-Key: ${secret} } }]\n`],
    [
      "a text of several lines",
      minimalConfig(["{ tokenFile: /run/token }", `{ token: "a\n      ${secret}", mont: x }`]),
    ],
    ["a quote that is not closed", `vault: { auth: { token: "${secret} } }\n`],
    ["a text after a text", `vault: { auth: { token: "a" ${secret} } }\n`],
  ];
  for (const [name, text] of cases)
    test(name, () => {
      const { report = "", message = "" } = errorOf(() => parseText(text)) ?? {};
      assert.match(report, /^leafd.yaml:/);
      assert.ok(!`${report}${message}`.includes(secret), report);
    });
});

test("no text makes the reader throw, and every finding lies in the text", () => {
  const soup = fc.array(
    fc.constantFrom(..."a1:-?[]{},&*!|>'\"%@`#~ \t\n\r".split(""), "${A}", "__proto__", ": ", "- ", "\n  "),
    {
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(soup, (parts) => {
      const text = parts.join("");
      const lines = text.split("\n");
      for (const { line, column } of readDocument("soup.yaml", text, {}).findings) {
        assert.ok(line >= 1 && line <= lines.length);
        assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1);
      }
    }),
    { numRuns: 500 },
  );
});
