import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Certificate } from "../../src/domain/certificate.ts";
import { httpServer } from "./http-server.ts";
import type { TestVault } from "./test-vault.ts";
import { type ReadRequest, readRequest } from "./x509-library.ts";

/** What a sign request is answered with in place of the certificate. */
export interface Lie {
  readonly leaf: Certificate;
  readonly chain: readonly Certificate[];
}

export interface LyingVault extends AsyncDisposable {
  readonly address: string;
  /** From now on each certificate is replaced by what this makes of the request. */
  lie(answer: (asked: ReadRequest) => Promise<Lie>): void;
  /** The next certificate is signed, and its answer kept back until it is released. */
  holdNext(): HeldAnswer;
}

export interface HeldAnswer {
  /** Resolves when the server has signed. */
  readonly signed: Promise<void>;
  release(): void;
}

/** A real server, seen through something that exchanges the certificates it signs. Without a lie it changes nothing. */
export async function lyingVault(vault: Pick<TestVault, "address">): Promise<LyingVault> {
  let answer: ((asked: ReadRequest) => Promise<Lie>) | undefined;
  let hold: (() => Promise<void>) | undefined;
  const server = await httpServer((received, response) => {
    void (async () => {
      const body = await buffer(received);
      const { method, url = "", headers } = received;
      const reply = await forward(new URL(url, vault.address), { method, headers }, body);
      const isSigned = reply.status === 200 && url.includes("/sign/");
      if (isSigned) await hold?.();
      const text =
        isSigned && answer !== undefined ? await exchange(reply.text, await answer(await asked(body))) : reply.text;
      response.writeHead(reply.status, { "content-type": reply.type }).end(text);
    })();
  });
  return {
    address: server.address,
    lie: (other) => {
      answer = other;
    },
    holdNext: () => {
      const signed = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      hold = () => {
        hold = undefined;
        signed.resolve();
        return released.promise;
      };
      return { signed: signed.promise, release: released.resolve };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function asked(body: Buffer): Promise<ReadRequest> {
  return readRequest(JSON.parse(body.toString()).csr);
}

async function exchange(text: string, { leaf, chain }: Lie): Promise<string> {
  const reply = JSON.parse(text);
  const [issuing] = chain;
  const data = { certificate: leaf.pem, ca_chain: chain.map(({ pem }) => pem), issuing_ca: issuing?.pem };
  return JSON.stringify({ ...reply, data: { ...reply.data, ...data } });
}

interface Forwarded {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function forward(url: URL, options: object, body: Buffer): Promise<Forwarded> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, agent: false }, (response) => {
      const { statusCode = 0, headers } = response;
      buffer(response).then(
        (bytes) => resolve({ status: statusCode, type: headers["content-type"] ?? "", text: bytes.toString() }),
        reject,
      );
    });
    sent.once("error", reject).end(body);
  });
}
