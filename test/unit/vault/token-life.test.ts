import assert from "node:assert/strict";
import test, { describe } from "node:test";
import { LeafdError, type Reason } from "../../../src/domain/errors.ts";
import type { DaemonEvent } from "../../../src/domain/events/daemon.ts";
import type { RotationEvent } from "../../../src/domain/events.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { CredentialRefused } from "../../../src/vault/auth/login.ts";
import type { AuthMethod } from "../../../src/vault/auth/method.ts";
import type { Grant } from "../../../src/vault/replies.ts";
import { Session } from "../../../src/vault/token-life.ts";
import { FakeVaultApi } from "../../support/fake-vault-api.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const RENEW = "auth/token/renew-self";
const LOOKUP = "auth/token/lookup-self";
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const never = new AbortController().signal;

interface WorldOptions {
  /** The life of a new token, seconds. */
  readonly ttl?: number;
  readonly renewable?: boolean;
  readonly fixed?: boolean;
  readonly uses?: number;
}

/** A session on virtual time, whose logins hand out `s.1`, `s.2`, … */
function world({ ttl = 60, renewable = true, fixed = false, uses = 0 }: WorldOptions = {}) {
  const clock = new VirtualClock();
  const api = new FakeVaultApi();
  const events: RotationEvent[] = [];
  const state = { logins: 0, fails: undefined as Reason | "refused" | undefined, credentials: "a", attempts: 0 };
  const method: AuthMethod = {
    kind: "approle",
    fixed,
    fingerprint: () => state.credentials,
    login: async (): Promise<Grant> => {
      state.attempts += 1;
      if (state.fails === "refused") throw new CredentialRefused("login_denied", "login: invalid secret-id");
      if (state.fails !== undefined) throw new LeafdError(state.fails, `login: ${state.fails}`);
      state.logins += 1;
      return { token: new Secret(`s.${state.logins}`), ttl: ttl * SECOND, renewable, uses, warnings: [] };
    },
  };
  const session = new Session({ cluster: "default", api, method, clock, emit: (event) => events.push(event) });
  const kinds = () =>
    events.map((event) => (event.kind === "token_ending" ? `${event.kind} ${event.why}` : event.kind));
  const token = async () => (await session.token(never)).reveal();
  /** Renewals answer this many seconds from now on. */
  const renewsTo = (seconds: number) => api.on(RENEW, { auth: { lease_duration: seconds, renewable: true } });
  /** A request that Vault refuses for every token but these. */
  const request = (...good: string[]) =>
    session.call(async (given) => {
      if (good.includes(given.reveal())) return given.reveal();
      throw new LeafdError("permission_denied", "permission denied");
    }, never);
  return { clock, api, events, state, session, kinds, token, renewsTo, request };
}

/** Runs the upkeep loop for the length of a test. */
function running({ session }: { session: Session }): AsyncDisposable {
  const stop = new AbortController();
  const done = session.run(stop.signal);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await done;
    },
  };
}

describe("logging in", () => {
  test("happens once for all who wait, and the token is used until it ends", async () => {
    const { state, token, clock } = world({ ttl: 60 });
    assert.deepEqual(await Promise.all([token(), token(), token()]), ["s.1", "s.1", "s.1"]);
    await clock.advance(59 * SECOND);
    assert.equal(await token(), "s.1");
    await clock.advance(SECOND);
    assert.equal(await token(), "s.2");
    assert.equal(state.attempts, 2);
  });

  test("that fails is not repeated by each of a thousand services", async () => {
    const { state, session, clock, kinds } = world();
    state.fails = "login_denied";
    for (let i = 0; i < 1_000; i += 1) await assert.rejects(session.token(never), { reason: "login_denied" });
    assert.equal(state.attempts, 1);
    await clock.advance(SECOND);
    await assert.rejects(session.token(never), { reason: "login_denied" });
    assert.equal(state.attempts, 2);
    assert.deepEqual(kinds(), ["login_failed"], "it is told once a minute");
    await clock.advance(MINUTE);
    await assert.rejects(session.token(never));
    assert.deepEqual(kinds(), ["login_failed", "login_failed"]);
  });

  test("is tried at least every five seconds while Vault is away, and every minute when it says no", async () => {
    for (const [fails, longest] of [
      ["connect", 5 * SECOND],
      ["login_denied", MINUTE],
    ] as const) {
      const { state, session, clock } = world();
      state.fails = fails;
      await using _ = running({ session });
      await clock.advance(10 * MINUTE);
      const before = state.attempts;
      await clock.advance(10 * MINUTE);
      const attempts = state.attempts - before;
      assert.ok(Math.abs(attempts - (10 * MINUTE) / longest) <= 2, `${fails}: ${attempts} attempts in ten minutes`);
    }
  });

  test("is not refused five times in a row with one credential, which locks out everybody who has it", async () => {
    const { state, session, clock } = world();
    state.fails = "refused";
    await using _ = running({ session });
    await clock.advance(15 * MINUTE);
    assert.equal(state.attempts, 4);
    assert.deepEqual(session.loginTrouble?.reason, "login_denied");
    await clock.advance(3 * MINUTE);
    assert.equal(state.attempts, 5, "the count is over when nobody was refused for 15 min");
    state.credentials = "b";
    await clock.advance(5 * SECOND);
    assert.equal(state.attempts, 7, "another one is tried at once, and again");
    state.fails = undefined;
    await clock.advance(5 * SECOND);
    assert.equal(session.loginTrouble, undefined);
  });

  test("with new credentials does not wait for the pause after a failure", async () => {
    const { state, session, token } = world();
    state.fails = "login_denied";
    await assert.rejects(session.token(never));
    state.fails = undefined;
    state.credentials = "b";
    assert.equal(await token(), "s.1");
  });

  test("with new credentials happens within five seconds, however long the refusals before made it wait", async () => {
    const { state, session, clock, kinds } = world();
    state.fails = "login_denied";
    await using _ = running({ session });
    await clock.advance(10 * MINUTE);
    state.fails = undefined;
    state.credentials = "b";
    await clock.advance(5 * SECOND);
    assert.equal(kinds().at(-1), "logged_in");
  });

  test("with new credentials that are no good leaves the living token in use", async () => {
    const { state, token, clock } = world({ ttl: 3_600 });
    await token();
    state.credentials = "b";
    state.fails = "login_denied";
    await clock.advance(SECOND);
    assert.equal(await token(), "s.1");
    state.fails = undefined;
    await clock.advance(MINUTE);
    assert.equal(await token(), "s.2");
  });

  test("refuses a token that is good for a number of requests", async () => {
    const { session } = world({ uses: 3 });
    await assert.rejects(session.token(never), {
      reason: "login_denied",
      message: /3 requests only/,
      hint: /num_uses/,
    });
  });

  test("goes on when the one who asked goes away: the token is there for the next", async () => {
    const { session, state, token } = world();
    const stop = new AbortController();
    const asked = session.token(stop.signal);
    stop.abort();
    await assert.rejects(asked, { reason: "cancelled" });
    assert.equal(await token(), "s.1");
    assert.equal(state.attempts, 1);
  });
});

describe("a token that is kept alive", () => {
  test("is renewed at two thirds of its life, for as long as that extends it", async () => {
    const it = world({ ttl: 60 });
    it.renewsTo(60);
    await using _ = running(it);
    await it.clock.advance(39 * SECOND);
    assert.deepEqual(it.kinds(), ["logged_in"]);
    await it.clock.advance(2 * SECOND);
    assert.deepEqual(it.kinds(), ["logged_in", "token_renewed"]);
    await it.clock.advance(60 * MINUTE);
    assert.equal(it.state.logins, 1);
    assert.ok(Math.abs(it.api.count(RENEW) - 91) <= 1, `${it.api.count(RENEW)} renewals in 61 minutes`);
  });

  test("gives way to a new login before its end once a renewal no longer extends it", async () => {
    const it = world({ ttl: 60 });
    it.renewsTo(30);
    await using _ = running(it);
    await it.clock.advance(41 * SECOND);
    assert.deepEqual(it.kinds(), ["logged_in", "token_renewed", "token_ending max_ttl"]);
    await it.clock.advance(20 * SECOND);
    assert.equal(await it.token(), "s.2");
    assert.equal(it.api.count(RENEW), 1);
  });

  test("and cannot be renewed (a batch token) is replaced before its end", async () => {
    const it = world({ ttl: 60, renewable: false });
    await using _ = running(it);
    await it.clock.advance(41 * SECOND);
    assert.deepEqual(it.kinds(), ["logged_in", "token_ending not_renewable", "logged_in"]);
    assert.equal(it.api.count(RENEW), 0);
  });

  test("stays in use when the new login fails, until it ends", async () => {
    const it = world({ ttl: 60, renewable: false });
    await using _ = running(it);
    await it.clock.advance(SECOND);
    it.state.fails = "login_denied";
    await it.clock.advance(58 * SECOND);
    assert.equal(await it.token(), "s.1");
    await it.clock.advance(2 * SECOND);
    await assert.rejects(it.session.token(never), { reason: "login_denied" });
    it.state.fails = undefined;
    await it.clock.advanceUntil(() => it.state.logins === 2, MINUTE);
    assert.equal(await it.token(), "s.2");
  });

  test("survives an outage in which it could not be renewed", async () => {
    const it = world({ ttl: 60 });
    it.api.refuse(RENEW, "connect");
    await using _ = running(it);
    await it.clock.advance(50 * SECOND);
    assert.ok(it.api.count(RENEW) >= 3, "it is tried again before the end");
    it.renewsTo(60);
    await it.clock.advance(10 * SECOND);
    assert.deepEqual(it.kinds(), ["logged_in", "token_renewed"]);
  });

  test("is replaced when Vault refuses to renew it", async () => {
    const it = world({ ttl: 60 });
    it.api.refuse(RENEW, "permission_denied");
    await using _ = running(it);
    await it.clock.advance(41 * SECOND);
    assert.deepEqual(it.kinds(), ["logged_in", "token_ending renew_failed", "logged_in"]);
  });

  test("is replaced within half a minute when the credentials have changed, without anybody asking", async () => {
    const it = world({ ttl: 3_600 });
    await using _ = running(it);
    await it.clock.advance(SECOND);
    it.state.credentials = "b";
    await it.clock.advance(30 * SECOND);
    assert.equal(it.state.logins, 2);
  });

  test("that somebody else gave us and that nears its end is announced, and looked at again at the end only", async () => {
    const it = world({ ttl: 60, renewable: false, fixed: true });
    await using _ = running(it);
    await it.clock.advance(41 * SECOND);
    assert.deepEqual(it.kinds(), ["logged_in", "token_ending not_renewable"]);
    await it.clock.advance(20 * SECOND);
    assert.equal(it.state.logins, 2);
  });

  test("and does not end costs nothing", async () => {
    const it = world({ ttl: 0 });
    await using _ = running(it);
    await it.clock.advance(24 * 60 * MINUTE);
    assert.equal(it.state.attempts, 1);
    assert.equal(it.api.requests.length, 0);
    assert.equal(it.session.expires, undefined);
  });
});

describe("a 403", () => {
  test("with a living token is a matter of policy, and the token is looked up once a minute at most", async () => {
    const { api, clock, request, state } = world({ ttl: 3_600 });
    api.on(LOOKUP, { data: {} });
    for (let i = 0; i < 50; i += 1) await assert.rejects(request(), { reason: "permission_denied" });
    assert.equal(api.count(LOOKUP), 1);
    await clock.advance(MINUTE);
    await assert.rejects(request());
    assert.equal(api.count(LOOKUP), 2);
    assert.equal(state.logins, 1);
  });

  test("with a dead token is a new login and the same request again, once for all who met it", async () => {
    const { api, request, state, token, kinds } = world({ ttl: 3_600 });
    api.refuse(LOOKUP, "permission_denied");
    await token();
    const answers = await Promise.all(Array.from({ length: 20 }, () => request("s.2")));
    assert.ok(answers.every((answer) => answer === "s.2"));
    assert.deepEqual([state.logins, api.count(LOOKUP)], [2, 1]);
    assert.deepEqual(kinds(), ["logged_in", "token_ending invalid", "logged_in"]);
  });

  test("that names the token as invalid needs no look-up", async () => {
    const { api, session, state } = world();
    const answer = await session.call(async (token) => {
      if (token.reveal() === "s.2") return "fine";
      throw new LeafdError("token_invalid", "invalid token");
    }, never);
    assert.equal(answer, "fine");
    assert.deepEqual([state.logins, api.count(LOOKUP)], [2, 0]);
  });

  test("while no token may look itself up leads to one login a minute, not one a request", async () => {
    const { api, clock, request, state } = world({ ttl: 36_000 });
    api.refuse(LOOKUP, "permission_denied");
    for (let i = 0; i < 50; i += 1) await assert.rejects(request(), { reason: "permission_denied" });
    assert.equal(state.logins, 2);
    for (let minute = 0; minute < 10; minute += 1) {
      await clock.advance(MINUTE);
      for (let i = 0; i < 5; i += 1) await assert.rejects(request(), { reason: "permission_denied" });
    }
    assert.equal(state.logins, 12);
  });

  test("is not judged while the look-up does not get through", async () => {
    const { api, request, state } = world();
    api.refuse(LOOKUP, "connect");
    await assert.rejects(request(), { reason: "connect" });
    api.on(LOOKUP, { data: {} });
    await assert.rejects(request(), { reason: "permission_denied" });
    assert.equal(state.logins, 1);
  });
});

test("a 412 is repeated twice, quickly, and then given up", async () => {
  const { session, clock } = world();
  let attempts = 0;
  const answer = session.call(async () => {
    attempts += 1;
    throw new LeafdError("not_consistent", "required index state not present");
  }, never);
  const failed = assert.rejects(answer, { reason: "not_consistent" });
  await clock.advance(SECOND);
  await failed;
  assert.equal(attempts, 3);
});

test("a token is in no event", async () => {
  const it = world();
  it.renewsTo(60);
  await using _ = running(it);
  await it.clock.advance(10 * MINUTE);
  const told: readonly DaemonEvent["kind"][] = ["logged_in", "token_renewed"];
  assert.deepEqual([...new Set(it.kinds())], told);
  assert.doesNotMatch(JSON.stringify(it.events), /s\.1/);
});
