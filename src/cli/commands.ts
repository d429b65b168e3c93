import type { Command } from "./command.ts";

/** The commands in the order in which the help lists them, each loaded when it is called: a start loads one of them. */
export const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run.ts")).runCommand,
  once: async () => (await import("./once.ts")).onceCommand,
  wait: async () => (await import("./wait.ts")).waitCommand,
  check: async () => (await import("./check.ts")).checkCommand,
  status: async () => (await import("./status.ts")).statusCommand,
  healthcheck: async () => (await import("./healthcheck.ts")).healthcheckCommand,
  inspect: async () => (await import("./inspect.ts")).inspectCommand,
  explain: async () => (await import("./explain.ts")).explainCommand,
  events: async () => (await import("./events.ts")).eventsCommand,
  renew: async () => (await import("./renew.ts")).renewCommand,
  pause: async () => (await import("./pause.ts")).pauseCommand,
  resume: async () => (await import("./resume.ts")).resumeCommand,
  schema: async () => (await import("./schema.ts")).schemaCommand,
  completion: async () => (await import("./completion.ts")).completionOf(COMMANDS),
  version: async () => (await import("./version.ts")).versionCommand,
};
