import type { Fault, Reply } from "../support/fault-proxy.ts";
import type { TestCa, TestLeaf } from "../support/test-ca.ts";
import { type ReadRequest, readRequest } from "../support/x509-library.ts";

/** What is told in place of the certificate that the server signed for the request. */
export type Tell = (asked: ReadRequest) => Promise<Pick<TestLeaf, "certificate">>;

/** The server signs, and its answer is exchanged for a certificate of this authority, or of one below it. */
export function falseLeaf(ca: TestCa, tell: Tell): Fault {
  const edit = async (reply: Reply, asked: Buffer): Promise<Reply> => {
    const { certificate } = await tell(await readRequest(JSON.parse(asked.toString()).csr));
    const signed = JSON.parse(reply.body);
    const { pem } = ca.certificate;
    const data = { certificate: certificate.pem, ca_chain: [pem], issuing_ca: pem };
    return { ...reply, body: JSON.stringify({ ...signed, data: { ...signed.data, ...data } }) };
  };
  return { kind: "edit", edit };
}
