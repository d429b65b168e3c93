import { readPair } from "../../../mtls/pair.ts";
import type { Act } from "./act.ts";
import { WEB } from "./config.ts";

const SERVICES = [WEB];

export const deaf: Act = {
  name: "deafen the dependent",
  headline: "The dependent takes the reload signal and does nothing",
  moral: "leafd saw it, told it once more, and had it restarted",
  services: SERVICES,
  async play(course, { leafd, web, client }, stop) {
    const { starts } = web;
    await course.inject("web ignores SIGHUP from now on", () => web.turn("deaf", true));
    await leafd.renew(WEB, stop);
    const first = await course.sign({ event: "proof_failed", service: WEB });
    course.noticed(first);
    course.expect(first.reason === "not_live", `the proof says ${first.reason}`);
    const again = await course.sign({ event: "reloaded", service: WEB, after: first });
    const second = await course.sign({ event: "proof_failed", service: WEB, after: again });
    await course.sign({ event: "escalated", service: WEB, after: second });
    const live = await course.sign({ event: "confirmed", service: WEB, after: second });
    course.recovered(live);
    await client.shake();
    course.expect(client.served === live.serial, "a client is served another certificate");
    course.expect(web.starts === starts + 1, `it was restarted ${web.starts - starts} times`);
    course.expect(course.certificates() === 1, "it took more than one certificate");
  },
  tidy: ({ web }) => web.turn("deaf", false),
};

export const refused: Act = {
  name: "refuse the new pair",
  headline: "The operator wants P-384 keys, and the dependent cannot take them: its own check says so",
  moral: "the pair before was put back, and the refused one was offered again at no cost",
  services: SERVICES,
  async play(course, { web, client, configure, outputOf }) {
    await web.turn("old", true);
    const before = await readPair(outputOf(WEB));
    await course.inject("wrote key: ec-p384 into the configuration", () => configure("ec-p384"));
    const published = await course.sign({ event: "published", service: WEB });
    course.noticed(await course.sign({ event: "rolled_back", service: WEB }));
    await course.sign({ event: "published", service: WEB, after: published });
    await client.shake();
    const { serial } = await readPair(outputOf(WEB));
    course.expect(serial === before.serial, "the pair before is not on disk again");
    course.expect(client.served === before.serial, "a client is served another certificate than before");
    await course.mend("the dependent has learnt P-384; the same pair is offered again at the next try", () =>
      web.turn("old", false),
    );
    const live = await course.sign({ event: "confirmed", service: WEB });
    course.recovered(live);
    course.expect(live.serial === published.serial, "it was not the refused pair that was offered again");
    course.expect(course.certificates() === 1, "it took more than one certificate");
  },
  tidy: ({ web }) => web.turn("old", false),
};
