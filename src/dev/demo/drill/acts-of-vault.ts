import { readPair } from "../../../mtls/pair.ts";
import type { Act } from "./act.ts";
import { LADDER } from "./config.ts";
import type { Course } from "./course.ts";
import type { DrillStage } from "./stage.ts";

/** The pairs on disk of the services on the ladder, by their serials. */
async function serials({ outputOf }: DrillStage): Promise<string> {
  const pairs = await Promise.all(LADDER.map((service) => readPair(outputOf(service))));
  return pairs.map(({ serial }) => serial).join();
}

/** Waits until leafd notices that it cannot renew, and sees that no pair was touched. */
async function noticedAndKept(course: Course, stage: DrillStage): Promise<void> {
  const before = await serials(stage);
  const failure = await course.sign({ event: "rotation_failed", fits: ({ reason }) => reason === "sealed" });
  course.noticed(failure);
  course.expect(failure.level === "error", "the failure was not logged as an error");
  const news = course.seen(({ event }) => event === "published", { fresh: true });
  course.expect(news.length > 0 || (await serials(stage)) === before, "a pair was replaced without a certificate");
}

/** The metric that says that the circuit of an issuer is open. */
const AWAY = 'leafd_issuer_up{issuer="main"} 0';

export const sealedPastRenewal: Act = {
  name: "seal the Vault",
  headline: 'The Vault "main" is sealed, past the point where renewal comes due',
  moral: 'the pairs were kept, "dr" took over, and "main" has both services back',
  services: LADDER,
  async play(course, stage, stop) {
    const { main, leafd } = stage;
    await course.inject('sealed "main"', () => main.seal());
    await noticedAndKept(course, stage);
    await course.sign({ event: "issuer_circuit", fits: ({ issuer, state }) => issuer === "main" && state === "open" });
    const isToldTo = (await leafd.metrics(stop)).includes(AWAY);
    course.expect(isToldTo, `the metrics do not say ${AWAY}`);
    course.note(`${AWAY} in the metrics, and errors in the log: what to alert on`);
    await course.signOfEach({ event: "rung_changed", fits: ({ to }) => to === "failover" });
    await course.mend('unsealed "main"; the services go back when they next renew', () => main.unseal());
    course.recovered(await course.signOfEach({ event: "rung_changed", fits: ({ to }) => to === "primary" }));
  },
  tidy: ({ main }) => main.unseal(),
};

export const sealedBoth: Act = {
  name: "seal both Vaults",
  headline: "Both Vaults are sealed: nobody issues anything",
  moral: "the reserve was used, before a pair ended, and was left as soon as somebody issued again",
  services: LADDER,
  async play(course, stage) {
    const { main, dr } = stage;
    await course.inject('sealed "main" and "dr"', () => Promise.all([main.seal(), dr.seal()]).then(() => undefined));
    await noticedAndKept(course, stage);
    await course.signOfEach({ event: "rung_changed", fits: ({ to }) => to === "reserve" });
    course.expect(course.certificates({ fresh: true }) === 0, "somebody issued a certificate");
    await course.mend('unsealed "main" and "dr"', () =>
      Promise.all([main.unseal(), dr.unseal()]).then(() => undefined),
    );
    course.recovered(await course.signOfEach({ event: "rung_changed", fits: ({ from }) => from === "reserve" }));
  },
  tidy: ({ main, dr }) => Promise.all([main.unseal(), dr.unseal()]),
};
