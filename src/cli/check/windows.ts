import type { Remark } from "../../domain/remark.ts";
import type { Settings } from "../../domain/spec.ts";

/** That each window opens at some time: the shape of the configuration counts the fields of cron only. */
export async function checkWindows({ services }: Settings): Promise<readonly Remark[]> {
  const all = services.flatMap(({ name, windows }) => windows.map(({ cron }, index) => ({ name, cron, index })));
  if (all.length === 0) return [];
  const { cronProblem } = await import("../../runtime/windows.ts");
  return all.flatMap(({ name, cron, index }): Remark[] => {
    const message = cronProblem(cron);
    if (message === undefined) return [];
    const path = ["services", name, "windows", index, "cron"];
    return [
      {
        severity: "error",
        code: "window_invalid",
        subject: `service ${name}`,
        message: `not a cron expression: ${message}`,
        path,
      },
    ];
  });
}
