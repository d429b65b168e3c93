import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { interpolate } from "../../../src/config/interpolate.ts";
import { minimalConfig, parseText, problemsOf } from "../../support/config-file.ts";

function resolve(text: string, env: Record<string, string> = {}) {
  const bad: string[] = [];
  return { text: interpolate(text, env, ({ token, message }) => bad.push(`${token} ${message}`)), bad };
}

const name = fc.stringMatching(/^[A-Za-z_]\w{0,12}$/);
const plain = fc.string().filter((text) => !text.includes("${"));

test("a reference becomes the value of the variable, exactly", () => {
  fc.assert(
    fc.property(plain, name, fc.string(), plain, (before, variable, value, after) => {
      fc.pre(!before.endsWith("$"));
      const { text, bad } = resolve(`${before}\${${variable}}${after}`, { [variable]: value });
      assert.equal(text, before + value + after);
      assert.deepEqual(bad, []);
    }),
  );
});

test("what a variable holds is not looked at again", () => {
  fc.assert(
    fc.property(name, name, fc.string(), (outer, inner, value) => {
      fc.pre(outer !== inner);
      const env = { [outer]: `\${${inner}}`, [inner]: value };
      assert.equal(resolve(`\${${outer}}`, env).text, `\${${inner}}`);
      assert.equal(resolve(`\${MISSING:-$\${${inner}}`, env).bad.length, 1);
    }),
  );
});

test("a default stands in for a variable that is unset or empty, and for no other", () => {
  const fallback = fc.string().filter((text) => !/[{}]/.test(text));
  fc.assert(
    fc.property(name, fallback, fc.string({ minLength: 1 }), (variable, otherwise, value) => {
      const text = `\${${variable}:-${otherwise}}`;
      assert.equal(resolve(text).text, otherwise);
      assert.equal(resolve(text, { [variable]: "" }).text, otherwise);
      assert.equal(resolve(text, { [variable]: value }).text, value);
    }),
  );
});

test("text without a reference stays as it is", () => {
  fc.assert(fc.property(plain, (text) => assert.deepEqual(resolve(text, { a: "x" }), { text, bad: [] })));
});

test("an escaped reference can write any text that looks like one", () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !text.includes("$")),
      (inner) => {
        assert.deepEqual(resolve(`$\${${inner}}`), { text: `\${${inner}}`, bad: [] });
      },
    ),
  );
});

test("an empty variable is a value; a name of Object.prototype is none", () => {
  assert.deepEqual(resolve("[${A}]", { A: "" }), { text: "[]", bad: [] });
  assert.deepEqual(resolve("${constructor}").bad, ["${constructor} constructor is not set in the environment"]);
});

test("what is not a reference is said to be none", () => {
  for (const token of ["${}", "${1A}", "${A B}", "${A-x}", "${A", "${A:-${B}"])
    assert.deepEqual(resolve(token, { A: "a", B: "b" }).bad, [`${token} not a reference to the environment`]);
});

test("an unset variable is an error at its place, and the caret shows the source", () => {
  const text = minimalConfig(["web.internal }", 'web.internal, dns: ["${HOST}.${ZONE}"] }']);
  assert.deepEqual(problemsOf(text, { HOST: "s3cr3t" }), [
    "leafd.yaml:8:58: services.web.identity.dns[0]: ZONE is not set in the environment",
  ]);
});

test("values of the environment are checked like written ones, and never shown", () => {
  const text = minimalConfig(["https://vault.internal:8200", "${ADDRESS}"]);
  assert.equal(parseText(text, { ADDRESS: "https://v:1" }).settings.clusters[0]?.addresses[0], "https://v:1");
  assert.throws(
    () => parseText(text, { ADDRESS: "s3cr3t" }),
    ({ report, message }: { report: string; message: string }) => {
      assert.match(report, /leafd.yaml:2:12: vault.address: must be https/);
      assert.match(report, / {4} {2}address: \$\{ADDRESS\}\n/);
      return !`${report}${message}`.includes("s3cr3t");
    },
  );
});

test("keys, commands and headers are never resolved", () => {
  const reload = "reload: [exec: { command: [run, '${A}'] }, http: { url: 'http://x/${A}', headers: { X: '${A}' } }]";
  const { settings } = parseText(`${minimalConfig()}    ${reload}\n`, { A: "b" });
  const [exec, http] = settings.services[0]?.reload ?? [];
  assert.deepEqual(exec?.kind === "exec" && exec.argv, ["run", "${A}"]);
  assert.deepEqual(http?.kind === "http" && [http.url, http.headers], ["http://x/b", { X: "${A}" }]);
  assert.deepEqual(problemsOf(minimalConfig(["web:", "${NAME}:"]), { NAME: "web" }).length, 1);
});

test("nor are those before a reload, when it did not help, and at expiry", () => {
  const exec = "{ exec: { command: [run, '${A}'] } }";
  const lines = [
    `preReload: [${exec}]`,
    `escalate: [${exec}]`,
    `outage: { atExpiry: ${exec} }`,
    "probe: { tls: '${A}:1' }",
  ];
  const { settings } = parseText(`${minimalConfig()}${lines.map((line) => `    ${line}\n`).join("")}`, { A: "b" });
  const [service] = settings.services;
  assert.ok(service?.outage.atExpiry.kind === "exec");
  for (const [step] of [service.preReload, service.escalate, service.outage.atExpiry.steps])
    assert.deepEqual(step?.kind === "exec" && step.argv, ["run", "${A}"]);
  assert.equal(service.probes[0]?.host, "b");
});
