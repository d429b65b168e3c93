import { readPair } from "../../../mtls/pair.ts";
import type { Act } from "./act.ts";
import { WEB } from "./config.ts";

const SERVICES = [WEB];
/** Found by looking at the directory, before anybody is asked. */
const OF_THE_DISK: ReadonlySet<string | undefined> = new Set(["disk_full", "target_denied", "target_unsafe"]);

export const killed: Act = {
  name: "kill leafd",
  headline: "leafd is killed after it has written a new pair and before it has told anybody",
  moral: "the reload that was owed was paid after the restart, and no certificate was asked for again",
  services: SERVICES,
  async play(course, { leafd, client, outputOf }, stop) {
    await course.step("leafd renew web", () => leafd.renew(WEB, stop));
    const published = await course.sign({ event: "published", service: WEB });
    await course.inject("killed leafd: kill -9", () => leafd.crash());
    const told = course.seen(({ event, service }) => event === "reloaded" && service === WEB);
    course.expect(told.length === 0, "leafd was quicker than its killer");
    await client.shake();
    const { serial } = await readPair(outputOf(WEB));
    course.expect(serial === published.serial, "the new pair is not on disk");
    course.expect(client.served !== serial, "the dependent serves the new pair, and nobody has told it to");
    await course.mend("started leafd again", async () => leafd.start());
    const found = await course.sign({ event: "recovered", service: WEB });
    course.noticed(found);
    course.expect(found.reloadOwed === true, "leafd has forgotten that a reload is owed");
    course.recovered(await course.sign({ event: "confirmed", service: WEB }));
    course.expect(course.certificates({ fresh: true }) === 0, "the restart cost a certificate");
  },
};

export const diskFull: Act = {
  name: "fill the disk",
  headline: "The disk of the output directory is full when a renewal is wanted",
  moral: "the pair in use was kept, and nothing was issued until there was room",
  services: SERVICES,
  async play(course, { leafd, client, disk, outputOf }, stop) {
    const output = outputOf(WEB);
    await client.shake();
    const before = client.served;
    await course.inject("", () => disk.fill(output));
    await leafd.renew(WEB, stop);
    const failure = await course.sign({ event: "rotation_failed", service: WEB });
    course.noticed(failure);
    const { stage, reason } = failure;
    course.expect(stage === "preflight" && OF_THE_DISK.has(reason), `it was found in ${stage}, as ${reason}`);
    await course.sign({ event: "rotation_failed", service: WEB, after: failure });
    course.expect(course.certificates() === 0, "a certificate was issued that nobody could store");
    await client.shake();
    course.expect(client.served === before, "the pair in use is another one");
    await course.mend("", () => disk.free(output));
    course.recovered(await course.sign({ event: "confirmed", service: WEB }));
    course.expect(course.certificates() === 1, "it took more than one certificate");
  },
  tidy: ({ disk, outputOf }) => disk.free(outputOf(WEB)),
};
