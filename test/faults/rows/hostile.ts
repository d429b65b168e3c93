import { parseCertificates } from "../../../src/domain/certificate.ts";
import type { Fault } from "../../support/fault-proxy.ts";
import { TestCa } from "../../support/test-ca.ts";
import { readRequest } from "../../support/x509-library.ts";
import { renew } from "../renew.ts";
import type { FaultRow } from "../row.ts";
import { onStage } from "../stage.ts";

const SIGN = /\/sign\//;
const BEGIN = "-----BEGIN CERTIFICATE-----\n";
const END = "-----END CERTIFICATE-----\n";

/** PEM that is meant to cost its reader time. */
const PEMS: Readonly<Record<string, string>> = {
  "10 MB in one block": `${BEGIN}${"QUJD".repeat(2_500_000)}\n${END}`,
  "100,000 blocks": `${BEGIN}QUJD\n${END}`.repeat(100_000),
  "100,000 beginnings": BEGIN.repeat(100_000),
  "10,000 blocks below the limit of size": `${BEGIN}QUJD\n${END}`.repeat(10_000),
  "1 MB of white space": `${BEGIN}QUJD${" \n".repeat(500_000)}${END}`,
};

/** What a read of such a text may take, in milliseconds. */
const READ_WITHIN = 50;

/** What would be further lines of the log, one of them as leafd writes them, if it were written as it is. */
const FORGED =
  'x\n{"level":"info","time":"2026-01-01T00:00:00.000Z","event":"published","msg":"forged"}\nforged\u2028\u001b[2K';

/** Answers a text in place of the certificate, and as its chain. */
function instead(pem: string): Fault {
  const edit: Extract<Fault, { kind: "edit" }>["edit"] = (reply) => {
    const body = JSON.parse(reply.body);
    return { ...reply, body: JSON.stringify({ ...body, data: { ...body.data, certificate: pem, ca_chain: [pem] } }) };
  };
  return { kind: "edit", edit };
}

const refusal: Fault = {
  kind: "answer",
  reply: { status: 400, headers: { "content-type": "application/json" }, body: JSON.stringify({ errors: [FORGED] }) },
};

/** A leaf of the right key, for a name and of a CA that are lines of a log. */
const forgedNames: Fault = {
  kind: "edit",
  edit: async (reply, asked) => {
    const { publicKey } = await readRequest(JSON.parse(asked.toString()).csr);
    const ca = await TestCa.root({ name: FORGED });
    const leaf = await ca.leaf({ commonName: "web.svc", dns: ["web.svc", FORGED], publicKey });
    const body = JSON.parse(reply.body);
    const data = { ...body.data, certificate: leaf.certificate.pem, ca_chain: [ca.certificate.pem] };
    return { ...reply, body: JSON.stringify({ ...body, data }) };
  },
};

const hostileAnswers: FaultRow = {
  id: 43,
  fault: "hostile PEM (10 MB, 100,000 blocks), log injection in SANs and errors",
  expected: "rejected ≤ 50 ms; one line stays one line",
  run: (scene) => {
    const faults = { ...mapped(PEMS, instead), "an error text": refusal, "names in a certificate": forgedNames };
    const spare = Object.keys(faults).length;
    return onStage(scene, { services: { web: {} }, ttl: 60, spare }, async ({ leafd, proxy, place, expect }) => {
      let slowest = 0;
      for (const [what, pem] of Object.entries(PEMS)) {
        const took = timeToRefuse(pem);
        slowest = Math.max(slowest, took);
        expect(took <= READ_WITHIN, `${what}: refused after ${took.toFixed(0)} ms`);
      }
      const reasons: string[] = [];
      for (const [what, fault] of Object.entries(faults)) {
        await proxy.inject(fault, { path: SIGN, times: 1 });
        await renew(place, leafd, "web");
        const { reason = "none", msg } = await leafd.next("rotation_failed");
        reasons.push(reason);
        expect(!/[\n\u2028\u001b]/.test(msg), `${what}: a line break in ${JSON.stringify(msg)}`);
        await leafd.next("published");
      }
      expect(proxy.met() === spare, `${proxy.met()} of ${spare} faults were met`);
      const forged = leafd.log.filter(({ msg }) => msg === "forged").length;
      const loose = leafd
        .tail()
        .split("\n")
        .filter((line) => line.startsWith("forged")).length;
      expect(forged + loose === 0, `${forged + loose} forged lines`);
      return `slowest_ms=${slowest.toFixed(0)} forged_lines=${forged + loose} reasons=${[...new Set(reasons)].join(",")}`;
    });
  },
};

function mapped(
  texts: Readonly<Record<string, string>>,
  map: (text: string) => Fault,
): Readonly<Record<string, Fault>> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, map(text)]));
}

/** Milliseconds; Infinity when it was not refused. */
function timeToRefuse(pem: string): number {
  const began = performance.now();
  try {
    parseCertificates(pem);
    return Number.POSITIVE_INFINITY;
  } catch {
    return performance.now() - began;
  }
}

export const HOSTILE_ROWS: readonly FaultRow[] = [hostileAnswers];
