import { type Certificate, parseCertificate } from "../certificate.ts";
import { toLeafdError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { DerReader, TAG } from "../x509/der.ts";
import { decodeBase64, toPem } from "../x509/pem.ts";

/** What a file holds, block by block. */
export type PemItem =
  | { readonly kind: "certificate"; readonly certificate: Certificate }
  | { readonly kind: "key"; readonly pem: Secret<string> }
  /** Something else that is known by name, as the end of "it holds …". */
  | { readonly kind: "other"; readonly what: string }
  /** What is wrong with it, and where. */
  | { readonly kind: "unreadable"; readonly message: string };

/** More blocks than any system trust bundle holds. */
const MAX_BLOCKS = 512;

/**
 * Reads PEM, or the DER of one certificate. The bytes are hostile: everything is bounded, and what is wrong is told
 * with its place and never quoted, for it may be a key.
 */
export function readPemItems(bytes: Buffer): readonly PemItem[] {
  const text = bytes.toString("latin1");
  return text.includes("-----BEGIN ") ? [...pemItems(text)] : [withoutPem(bytes)];
}

function* pemItems(text: string): Generator<PemItem> {
  const begin = /-----BEGIN ([A-Z0-9 ]{1,40})-----/g;
  let count = 0;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const [whole, label = ""] = found;
    const from = found.index + whole.length;
    const end = `-----END ${label}-----`;
    const to = text.indexOf(end, from);
    const where = `line ${lineOf(text, found.index)}`;
    count += 1;
    if (to === -1 || count > MAX_BLOCKS) {
      const problem = to === -1 ? `the PEM block ${label} has no END line` : `more than ${MAX_BLOCKS} PEM blocks`;
      yield unreadable(`${where}: ${problem}`);
      return;
    }
    const block = { label, pem: text.slice(found.index, to + end.length), body: text.slice(from, to) };
    yield item(block, where, () => badLine(text, from, to));
    begin.lastIndex = to + end.length;
  }
}

interface Block {
  readonly label: string;
  readonly pem: string;
  readonly body: string;
}

function item({ label, pem, body }: Block, where: string, bad: () => number): PemItem {
  if (label.endsWith("PRIVATE KEY")) return { kind: "key", pem: new Secret(`${pem}\n`) };
  if (decodeBase64(body) === undefined)
    return unreadable(`line ${bad()}: this is not base64, inside a PEM block ${label}`);
  if (label === "CERTIFICATE" || label === "X509 CERTIFICATE")
    return certificateItem(pem.replaceAll(label, "CERTIFICATE"), where);
  return { kind: "other", what: `${OTHERS.get(label) ?? `a PEM block ${label}`} (${where})` };
}

const OTHERS: ReadonlyMap<string, string> = new Map([
  ["CERTIFICATE REQUEST", "a certificate signing request, which no CA has signed yet"],
  ["NEW CERTIFICATE REQUEST", "a certificate signing request, which no CA has signed yet"],
  ["X509 CRL", "a list of revoked certificates"],
  ["PUBLIC KEY", "a public key without a certificate"],
  ["EC PARAMETERS", "the parameters of an EC key"],
  ["DH PARAMETERS", "Diffie-Hellman parameters"],
  ["PKCS7", "a PKCS#7 bundle: `openssl pkcs7 -print_certs` writes its certificates"],
]);

function certificateItem(pem: string, where: string): PemItem {
  try {
    return { kind: "certificate", certificate: parseCertificate(pem) };
  } catch (thrown) {
    return unreadable(`${where}: ${toLeafdError(thrown).message.replace(/^PEM certificate 1 /, "this certificate ")}`);
  }
}

/** Bytes that are no PEM: one certificate in DER, something that is known by its shape, or garbage. */
function withoutPem(bytes: Buffer): PemItem {
  if (bytes.length === 0) return unreadable("it is empty");
  if (bytes.toString("hex", 0, 4) === JKS)
    return { kind: "other", what: "a Java keystore: `keytool -exportcert` takes its certificates out" };
  if (bytes[0] !== TAG.sequence)
    return unreadable(`byte 1 is 0x${bytes.toString("hex", 0, 1)}: this is neither PEM nor DER`);
  const what = derKind(bytes);
  return what === undefined ? certificateItem(toPem("CERTIFICATE", bytes), "byte 1") : { kind: "other", what };
}

const JKS = "feedfeed";

/** What DER is by the tags that it begins with, when it is no certificate. */
function derKind(bytes: Buffer): string | undefined {
  try {
    const outer = new DerReader(bytes).into(TAG.sequence);
    const first = outer.next();
    if (first.tag === TAG.integer)
      return first.content[0] === 3
        ? "a PKCS#12 keystore: `openssl pkcs12 -nokeys` takes its certificates out"
        : "a private key in DER: `openssl pkey -inform der` writes it as PEM";
    const inner = new DerReader(first.content);
    if (inner.optional(TAG.integer) === undefined) return undefined;
    inner.next(TAG.sequence);
    inner.next(TAG.sequence);
    const { tag } = inner.next();
    if (tag === 0xa0) return OTHERS.get("CERTIFICATE REQUEST");
    return tag === TAG.utcTime || tag === TAG.generalizedTime ? OTHERS.get("X509 CRL") : undefined;
  } catch {
    return undefined; // cut off: the parser of certificates says where
  }
}

function unreadable(message: string): PemItem {
  return { kind: "unreadable", message };
}

function lineOf(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf("\n"); next !== -1 && next < at; next = text.indexOf("\n", next + 1)) line += 1;
  return line;
}

/** The first line of a block that is not base64; the block's last one when each line for itself is. */
function badLine(text: string, from: number, to: number): number {
  const first = lineOf(text, from);
  const lines = text.slice(from, to).split("\n");
  const bad = lines.findIndex((line) => !/^[A-Za-z0-9+/]*={0,2}\s*$/.test(line));
  return first + (bad === -1 ? lines.length - 1 : bad);
}
