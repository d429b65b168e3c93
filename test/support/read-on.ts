import { setPriority } from "node:os";

/**
 * The rest of a reader's life: reads in every moment that nobody else wants, and keeps none from the others; a read that
 * throws found something missing. At SIGTERM it prints what it has seen as JSON and ends.
 */
export function readOn(read: () => void, seen: { missing: number }): void {
  const loop = (): void => {
    for (let count = 0; count < 200; count++) {
      try {
        read();
      } catch {
        seen.missing += 1;
      }
    }
    setImmediate(loop);
  };
  process.once("SIGTERM", () => {
    console.log(JSON.stringify(seen));
    process.exit(0);
  });
  setPriority(19);
  loop();
}
