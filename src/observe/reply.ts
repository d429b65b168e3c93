import type { ServerResponse } from "node:http";

/** What a request is answered with. */
export interface Reply {
  readonly status: number;
  /** The whole body; or who writes it, after the headers, for as long as the client stays. */
  readonly body: string | ((response: ServerResponse) => void);
  /** Besides those that every answer has, or instead of them. */
  readonly headers?: Readonly<Record<string, string>>;
}
