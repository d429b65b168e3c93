import type { ServerResponse } from "node:http";
import { explanationToJson } from "../domain/explain/json.ts";
import type { Explanation } from "../domain/explain.ts";
import { noSuchService } from "../domain/no-such-service.ts";
import type { PauseRequest, RenewRequest, ResumeRequest, ServiceAnswer } from "../domain/operator.ts";
import { statusToJson } from "../domain/status/json.ts";
import type { DaemonStatus } from "../domain/status.ts";
import type { EventSource, EventStreams } from "./event-stream.ts";
import {
  parseEventQuery,
  parseExplainQuery,
  parsePauseRequest,
  parseRenewRequest,
  parseResumeRequest,
} from "./protocol.ts";

/** Where the answers come from. */
export interface Answers {
  readonly status: () => DaemonStatus;
  /** Undefined: there is no service of this name. */
  readonly explain: (service: string) => Explanation | undefined;
  readonly events: EventSource;
  /** What may be asked over the admin socket. Each answers at once, one answer a service, also for one that is not known. */
  readonly operator: {
    renew(request: RenewRequest): readonly ServiceAnswer[];
    pause(request: PauseRequest): readonly ServiceAnswer[];
    resume(request: ResumeRequest): readonly ServiceAnswer[];
  };
}

/** A request whose route is known. */
interface Asked {
  readonly body: string;
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

/** What a socket answers: `METHOD PATH` → what to send; undefined: it has taken the answer over. */
export type Routes = Readonly<Record<string, (asked: Asked) => string | undefined>>;

/** What the read-only socket answers; `request_denied` for a service that is not configured (domain/no-such-service.ts). */
export function statusRoutes({ status, explain, events }: Answers, streams: EventStreams): Routes {
  const explained = (name: string): string => {
    const explanation = explain(name);
    if (explanation !== undefined) return explanationToJson(explanation);
    throw noSuchService(name, status().services);
  };
  const refuseUnknown = (name: string | undefined): void => {
    // In this order: an explanation is made for the answer, and most services have events.
    if (name === undefined || events.recent(name).length > 0 || explain(name) !== undefined) return;
    throw noSuchService(name, status().services);
  };
  return {
    "GET /v1/status": () => statusToJson(status()),
    "GET /v1/explain": ({ query }) => explained(parseExplainQuery(query)),
    "GET /v1/events": ({ query, response }) => {
      const wanted = parseEventQuery(query);
      // Of one that was taken out of the configuration there may be events still.
      refuseUnknown(wanted.service);
      streams.start(response, wanted);
      return undefined;
    },
  };
}

/** What the admin socket answers besides: requests, each with what became of it for every service. */
export function adminRoutes({ operator }: Answers): Routes {
  const answers = (list: readonly ServiceAnswer[]): string => JSON.stringify({ answers: list });
  return {
    "POST /v1/renew": ({ body }) => answers(operator.renew(parseRenewRequest(body))),
    "POST /v1/pause": ({ body }) => answers(operator.pause(parsePauseRequest(body))),
    "POST /v1/resume": ({ body }) => answers(operator.resume(parseResumeRequest(body))),
  };
}
