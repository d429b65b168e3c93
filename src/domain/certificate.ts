import { hash, type KeyObject, X509Certificate } from "node:crypto";
import { LeafdError } from "./errors.ts";
import type { Names } from "./spec.ts";
import type { EpochMillis } from "./units.ts";
import { decodeCertificate } from "./x509/decode.ts";
import { DerError } from "./x509/der.ts";
import { decodeBase64, MAX_PEM_LENGTH, pemBlocks, toPem } from "./x509/pem.ts";

/** An X.509 certificate (RFC 5280), parsed: what leafd asks of one, and nothing else. */
export interface Certificate {
  /** One PEM block, LF line ends, a final newline. */
  readonly pem: string;
  /** Lower-case hex, without separators. */
  readonly serial: string;
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  /** Distinguished names for people, in one line: `O=Example, CN=Root`. Never compared. */
  readonly subject: string;
  readonly issuer: string;
  /** Subject common name and subject alternative names, normalised as `Names` are. */
  readonly names: Names;
  /** SANs of other kinds (otherName, directoryName, …), and common names besides the last one: how many. */
  readonly otherNames: number;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  readonly isCa: boolean;
  /** How many CAs may stand between this one and a leaf; undefined when it does not say. */
  readonly pathLength: number | undefined;
  /** RFC 5280 names: `digitalSignature`, `keyCertSign`, …; undefined when the extension is absent. */
  readonly keyUsages: ReadonlySet<string> | undefined;
  /** `serverAuth`, `clientAuth`, else the dotted OID; undefined when the extension is absent. */
  readonly extendedKeyUsages: ReadonlySet<string> | undefined;
  /** As OpenSSL names it: `ecdsa-with-SHA256`, `sha256WithRSAEncryption`, `ED25519`; RSASSA-PSS with its hash: `rsassaPss-SHA256`. */
  readonly signatureAlgorithm: string;
  /** As `KeyAlgorithm` names it (`ec-p256`), for others too: `rsa-1024`, else the dotted OID of the curve or key. */
  readonly keyAlgorithm: string;
  /** SHA-256 of the SubjectPublicKeyInfo DER, lower-case hex: equal for two certificates of one key. */
  readonly publicKeyHash: string;
  /** Signed by its own key. */
  readonly selfSigned: boolean;
  /** Its issuer is its subject (RFC 5280 §3.2): a root, or a CA's key change. */
  readonly selfIssued: boolean;
  /**
   * True when `ca` signed this certificate: the signature holds, and the names chain as RFC 5280 §6.1.3 demands.
   * The same name with another key is another CA.
   */
  issuedBy(ca: Certificate): boolean;
}

/** More certificates than any system trust bundle holds. */
const MAX_CERTIFICATES = 512;
/** More bytes than any peer takes: TLS stacks end a handshake at 100 kB for the whole chain. */
const MAX_DER_LENGTH = 64 * 1024;

/** Reads the first certificate of a PEM text: of `tls.crt` the leaf. LeafdError `bad_certificate` when there is none. */
export function parseCertificate(text: string): Certificate {
  const [block] = certificateBlocks(text);
  if (block === undefined) throw bad("no PEM certificate where one belongs");
  return parseBlock(block, 1);
}

/**
 * Reads all certificates of a PEM text, in their order; other text and other kinds of block are skipped. None is an
 * empty list. Text that is too large (1 MiB, 512 certificates) is refused before anything is decoded; one certificate
 * that does not parse refuses all of them, with LeafdError `bad_certificate`.
 */
export function parseCertificates(text: string): readonly Certificate[] {
  return certificateBlocks(text).map((block, index) => parseBlock(block, index + 1));
}

function certificateBlocks(text: string): readonly string[] {
  if (text.length > MAX_PEM_LENGTH) throw bad(`${text.length} characters of PEM; the limit is ${MAX_PEM_LENGTH}`);
  const blocks: string[] = [];
  for (const block of pemBlocks(text, "CERTIFICATE")) {
    if (block === undefined) throw bad(`PEM certificate ${blocks.length + 1} has no END line`);
    if (blocks.push(block) > MAX_CERTIFICATES) throw bad(`more than ${MAX_CERTIFICATES} certificates in one PEM text`);
  }
  return blocks;
}

/**
 * The CAs that were parsed last, by their PEM: every leaf comes with the same few, and their links, once verified, need
 * no second look. Leaves are not kept.
 */
const knownCas = new Map<string, Certificate>();
const MAX_KNOWN_CAS = 64;

function parseBlock(block: string, position: number): Certificate {
  const known = knownCas.get(block);
  if (known !== undefined) return known;
  const bytes = decodeBase64(block);
  if (bytes === undefined) throw bad(`PEM certificate ${position} is not base64`);
  if (bytes.length > MAX_DER_LENGTH)
    throw bad(`PEM certificate ${position} has ${bytes.length} bytes; the limit is ${MAX_DER_LENGTH}`);
  const certificate = decode(bytes, position);
  if (certificate.isCa) {
    if (knownCas.size === MAX_KNOWN_CAS) knownCas.clear();
    knownCas.set(block, certificate);
  }
  return certificate;
}

function decode(bytes: Buffer, position: number): Certificate {
  try {
    return new ParsedCertificate(bytes);
  } catch (error) {
    const why = error instanceof DerError ? error.message : "OpenSSL does not accept it";
    throw bad(`PEM certificate ${position} does not parse: ${why}`);
  }
}

/** The fields are read from the DER, once; signatures and names for people are left to OpenSSL, when somebody asks. */
class ParsedCertificate implements Certificate {
  readonly pem: string;
  readonly serial: string;
  readonly fingerprint: string;
  readonly names: Names;
  readonly otherNames: number;
  readonly notBefore: EpochMillis;
  readonly notAfter: EpochMillis;
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  readonly keyUsages: ReadonlySet<string> | undefined;
  readonly extendedKeyUsages: ReadonlySet<string> | undefined;
  readonly signatureAlgorithm: string;
  readonly keyAlgorithm: string;
  readonly publicKeyHash: string;
  readonly selfIssued: boolean;
  readonly #issuerName: Buffer;
  readonly #subjectName: Buffer;
  readonly #x509: X509Certificate;
  #publicKey: KeyObject | undefined;
  /** What `issuedBy` of a CA answered before: it is asked for every leaf below. A leaf is asked once. */
  readonly #verdicts: WeakMap<Certificate, boolean> | undefined;

  constructor(bytes: Buffer) {
    const fields = decodeCertificate(bytes);
    this.#x509 = new X509Certificate(bytes);
    this.#issuerName = fields.issuer;
    this.#subjectName = fields.subject;
    this.pem = toPem("CERTIFICATE", bytes);
    this.serial = fields.serial;
    this.fingerprint = hash("sha256", bytes, "hex");
    this.names = fields.names;
    this.otherNames = fields.otherNames;
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.isCa = fields.isCa;
    this.pathLength = fields.pathLength;
    this.keyUsages = fields.keyUsages;
    this.extendedKeyUsages = fields.extendedKeyUsages;
    this.signatureAlgorithm = fields.pssHash
      ? `rsassaPss-${fields.pssHash}`
      : (this.#x509.signatureAlgorithm ?? "unknown");
    this.keyAlgorithm = fields.keyAlgorithm;
    this.publicKeyHash = hash("sha256", fields.publicKey, "hex");
    this.selfIssued = fields.issuer.equals(fields.subject);
    this.#verdicts = fields.isCa ? new WeakMap() : undefined;
  }

  get subject(): string {
    return oneLine(this.#x509.subject);
  }

  get issuer(): string {
    return oneLine(this.#x509.issuer);
  }

  get selfSigned(): boolean {
    return this.issuedBy(this);
  }

  issuedBy(ca: Certificate): boolean {
    const known = this.#verdicts?.get(ca);
    if (known !== undefined) return known;
    const verdict = ca instanceof ParsedCertificate && this.#issuerName.equals(ca.#subjectName) && this.#signedBy(ca);
    this.#verdicts?.set(ca, verdict);
    return verdict;
  }

  #signedBy(ca: ParsedCertificate): boolean {
    try {
      ca.#publicKey ??= ca.#x509.publicKey;
      return this.#x509.verify(ca.#publicKey);
    } catch {
      return false; // a key of a kind that OpenSSL does not know
    }
  }
}

/** Node gives a line for each attribute, control characters escaped, and nothing for an empty name. */
function oneLine(name: string | undefined): string {
  return (name ?? "").split("\n").join(", ");
}

function bad(message: string): LeafdError {
  return new LeafdError("bad_certificate", message, { hint: "Look at it with `openssl x509 -noout -text`." });
}
