import { prepareMachine } from "./machine.ts";

/* Takes as long as it must, before tests whose time is limited: `npm run test:systemd`. */

await prepareMachine((line) => console.error(line));
