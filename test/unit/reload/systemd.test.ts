import assert from "node:assert/strict";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { suite, test } from "node:test";
import type { ReloadStep } from "../../../src/domain/reload-spec.ts";
import { runStep } from "../../support/reloader.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

type SystemdStep = Extract<ReloadStep, { kind: "systemd" }>;

const SHOW = "--no-ask-password show --property=LoadState,ActiveState,CanReload -- nginx.service";

function systemd(action: SystemdStep["action"], timeout = 10_000): SystemdStep {
  return { kind: "systemd", unit: "nginx.service", action, timeout };
}

interface FakeUnit {
  readonly load?: string;
  readonly active?: string;
  readonly canReload?: "yes" | "no";
  /** The shell command that stands for what is done to the unit. */
  readonly verb?: string;
}

/** A `systemctl` that answers `show` for one unit and notes each call, one argument a word. */
async function fakeSystemctl(dir: TempDir, unit: FakeUnit) {
  const { load = "loaded", active = "active", canReload = "yes", verb = "exit 0" } = unit;
  const script = `#!/bin/sh
echo "$*" >> ${dir.join("calls")}
[ "$2" != show ] || exec printf 'CanReload=%s\\nActiveState=%s\\nLoadState=%s\\n' ${canReload} ${active} ${load}
${verb}
`;
  await writeFile(dir.join("systemctl"), script);
  await chmod(dir.join("systemctl"), 0o755);
  return {
    environment: { PATH: `${dir.path}${delimiter}${process.env["PATH"]}` },
    calls: async () => (await readFile(dir.join("calls"), "utf8")).trim().split("\n"),
  };
}

suite("systemd", () => {
  for (const [action, verb] of [
    ["reload", "reload"],
    ["restart", "try-restart"],
    ["reload-or-restart", "try-reload-or-restart"],
    ["stop", "stop"],
    ["start", "start"],
  ] as const)
    test(`${action} of an active unit is systemctl ${verb}`, async () => {
      await using dir = await tempDir();
      const { environment, calls } = await fakeSystemctl(dir, {});
      assert.equal(await runStep(systemd(action), { environment }), `systemctl ${verb} nginx.service succeeded`);
      assert.deepEqual(await calls(), [SHOW, `--no-ask-password ${verb} -- nginx.service`]);
    });

  for (const active of ["inactive", "failed", "deactivating"])
    test(`a unit that is ${active} is left as it is, also by restart`, async () => {
      await using dir = await tempDir();
      const { environment, calls } = await fakeSystemctl(dir, { active });
      const detail = `nginx.service is ${active}: not running, nothing to reload`;
      assert.equal(await runStep(systemd("restart"), { environment }), detail);
      assert.deepEqual(await calls(), [SHOW]);
    });

  for (const active of ["inactive", "failed", "deactivating"]) {
    test(`a unit that is ${active} has nothing to stop`, async () => {
      await using dir = await tempDir();
      const { environment, calls } = await fakeSystemctl(dir, { active });
      const detail = `nginx.service is ${active}: not running, nothing to stop`;
      assert.equal(await runStep(systemd("stop"), { environment }), detail);
      assert.deepEqual(await calls(), [SHOW]);
    });

    test(`a unit that is ${active} is started by start, and by nothing else`, async () => {
      await using dir = await tempDir();
      const { environment, calls } = await fakeSystemctl(dir, { active });
      assert.equal(await runStep(systemd("start"), { environment }), "systemctl start nginx.service succeeded");
      assert.deepEqual(await calls(), [SHOW, "--no-ask-password start -- nginx.service"]);
    });
  }

  test("a unit that has no way to reload can be stopped and started", async () => {
    await using dir = await tempDir();
    const { environment } = await fakeSystemctl(dir, { canReload: "no" });
    for (const action of ["stop", "start"] as const)
      assert.equal(await runStep(systemd(action), { environment }), `systemctl ${action} nginx.service succeeded`);
  });

  test("a unit that does not start is an error that says why", async () => {
    await using dir = await tempDir();
    const verb = "echo 'A dependency job for nginx.service failed.' >&2; exit 1";
    const { environment } = await fakeSystemctl(dir, { active: "inactive", verb });
    await assert.rejects(runStep(systemd("start"), { environment }), {
      reason: "reload_failed",
      message: "systemctl start nginx.service failed (1): A dependency job for nginx.service failed.",
    });
  });

  for (const [unit, action, message] of [
    [{ load: "not-found" }, "reload", "systemd knows no unit nginx.service"],
    [{ load: "masked", active: "inactive" }, "reload", "nginx.service is not loaded: its load state is masked"],
    [{ canReload: "no" }, "reload", "nginx.service has no way to reload"],
    [{ load: "not-found", active: "inactive" }, "stop", "systemd knows no unit nginx.service"],
    [{ load: "masked", active: "inactive" }, "start", "nginx.service is not loaded: its load state is masked"],
  ] as const)
    test(`no target to ${action}: ${message}`, async () => {
      await using dir = await tempDir();
      const { environment, calls } = await fakeSystemctl(dir, unit);
      await assert.rejects(runStep(systemd(action), { environment }), { reason: "reload_target", message });
      assert.deepEqual(await calls(), [SHOW]);
    });

  test("a unit without ExecReload can be restarted by reload-or-restart", async () => {
    await using dir = await tempDir();
    const { environment } = await fakeSystemctl(dir, { canReload: "no" });
    const detail = "systemctl try-reload-or-restart nginx.service succeeded";
    assert.equal(await runStep(systemd("reload-or-restart"), { environment }), detail);
  });

  test("what systemctl says when it fails is in the error", async () => {
    await using dir = await tempDir();
    const verb = "echo 'Job for nginx.service failed.' >&2; exit 1";
    const { environment } = await fakeSystemctl(dir, { verb });
    await assert.rejects(runStep(systemd("reload"), { environment }), {
      reason: "reload_failed",
      message: "systemctl reload nginx.service failed (1): Job for nginx.service failed.",
    });
  });

  test("a job that does not end is given up after the timeout", async () => {
    await using dir = await tempDir();
    const { environment } = await fakeSystemctl(dir, { verb: "exec sleep 60" });
    await assert.rejects(runStep(systemd("reload", 300), { environment }), { reason: "reload_timeout" });
  });

  test("a machine without systemctl is an error, not a success", async () => {
    await using dir = await tempDir();
    await assert.rejects(runStep(systemd("reload"), { environment: { PATH: dir.path } }), {
      reason: "reload_target",
      message: "systemctl cannot be started (ENOENT)",
    });
  });
});
