import { writeSync } from "node:fs";

// Loaded before the program (`node --import`): tells what it used, on descriptor 3, as it ends.
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(3, JSON.stringify({ userCPUTime, systemCPUTime, maxRSS }));
});
