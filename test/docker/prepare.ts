import { preparePrograms } from "./programs.ts";

/* Takes as long as it must, before tests whose time is limited: `npm run test:docker`. */

await preparePrograms((line) => console.error(line));
