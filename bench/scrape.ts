import { evolve } from "../src/domain/evolve.ts";
import { INITIAL_STATE, type ServiceState } from "../src/domain/state.ts";
import { serviceStatus } from "../src/domain/status/service-status.ts";
import { createMetrics } from "../src/observe/metrics.ts";
import { createTally } from "../src/observe/tally.ts";
import { around, exampleProbe, exampleService } from "../test/support/circumstances.ts";
import { EVENTS } from "../test/support/events.ts";
import { daemonStatus, NOW } from "../test/support/status.ts";
import { VirtualClock } from "../test/support/virtual-clock.ts";

/*
 * CPU of one scrape, from the states of the services to the text:
 *   node bench/scrape.ts [services] [scrapes]
 */

const [services = "1000", scrapes = "50"] = process.argv.slice(2);
const told = { ...EVENTS.delivered, proofOwed: true } as const;
const state = [EVENTS.issued, EVENTS.published, told, EVENTS.confirmed].reduce<ServiceState>(evolve, INITIAL_STATE);
const specs = Array.from({ length: Number(services) }, (_, index) =>
  exampleService({ name: `svc-${index}`, probes: [exampleProbe()] }),
);
const status = () => daemonStatus(specs.map((spec) => serviceStatus(state, around(NOW, { spec }))));
const expose = createMetrics({ tally: createTally(), clock: new VirtualClock(NOW), status });

for (let warm = 0; warm < 10; warm++) await expose();
const before = process.cpuUsage();
let bytes = 0;
for (let scrape = 0; scrape < Number(scrapes); scrape++) bytes = (await expose()).body.length;
const { user, system } = process.cpuUsage(before);
const each = (user + system) / 1000 / Number(scrapes);
console.log(`${services} services: ${each.toFixed(1)} ms of CPU a scrape, ${(bytes / 1e6).toFixed(2)} MB`);
