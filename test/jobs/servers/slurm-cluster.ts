import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

import { waitUntil } from "../../base/wait-until";
import { freePort } from "./free-port";
import { findProgram, missingPrograms } from "./missing-programs";

/** Why tests with SLURM are skipped; false if they are not. */
export const NO_SLURM =
  missingPrograms(["slurmctld", "slurmd", "sbatch", "munged"], "slurm-wlm munge") ||
  (process.getuid?.() !== 0 && "slurmd must run as root");

/** A real SLURM of one node on loopback, which ends with the test. SLURM_CONF is set meanwhile. */
export async function startSlurm(t: TestContext): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-slurm-"));
  const started: ChildProcess[] = [];
  const before = process.env.SLURM_CONF;
  t.after(async () => {
    for (const child of started.reverse()) await ended(child);
    if (before === undefined) delete process.env.SLURM_CONF;
    else process.env.SLURM_CONF = before;
    await rm(folder, { recursive: true, force: true });
  });
  const start = (program: string, ...parameters: string[]): void =>
    void started.push(spawn(findProgram(program) ?? "", parameters, { stdio: "ignore" }));
  for (const name of ["state", "spool", "munge"]) await mkdir(join(folder, name), { mode: 0o700 });
  const munge = (name: string): string => join(folder, "munge", name);
  await writeFile(munge("key"), randomBytes(1024), { mode: 0o400 });
  start(
    "munged",
    ...["--foreground", "--force", `--key-file=${munge("key")}`, `--socket=${munge("socket")}`],
    ...[`--pid-file=${munge("pid")}`, `--log-file=${munge("log")}`, `--seed-file=${munge("seed")}`],
  );
  process.env.SLURM_CONF = join(folder, "slurm.conf");
  await writeFile(process.env.SLURM_CONF, await configuration(folder, munge("socket")));
  start("slurmctld", "-D");
  start("slurmd", "-D");
  const execute = promisify(execFile);
  await waitUntil(
    () =>
      execute("sinfo", ["-h", "-o", "%t"]).then(
        ({ stdout }) => stdout.trim() === "idle",
        () => false,
      ),
    { what: "SLURM's node is idle", pauseMs: 200 },
  );
}

async function configuration(folder: string, socket: string): Promise<string> {
  const host = hostname().split(".")[0];
  const user = userInfo().username;
  const lines: Record<string, string> = {
    ClusterName: "tests",
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: `${await freePort()}`,
    SlurmdPort: `${await freePort()}`,
    SlurmUser: user,
    SlurmdUser: user,
    AuthType: "auth/munge",
    AuthInfo: `socket=${socket}`,
    StateSaveLocation: join(folder, "state"),
    SlurmdSpoolDir: join(folder, "spool"),
    SlurmctldPidFile: join(folder, "slurmctld.pid"),
    SlurmdPidFile: join(folder, "slurmd.pid"),
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    JobAcctGatherType: "jobacct_gather/none",
    AccountingStorageType: "accounting_storage/none",
    SchedulerType: "sched/builtin",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_Core",
    SwitchType: "switch/none",
    MpiDefault: "none",
    ReturnToService: "2",
    MinJobAge: "2",
    KillWait: "5",
    NodeName: `${host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN`,
    PartitionName: "main Nodes=ALL Default=YES MaxTime=INFINITE State=UP",
  };
  return Object.entries(lines)
    .map(([key, value]) => `${key}=${value}\n`)
    .join("");
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  child.kill("SIGTERM");
  await exit;
  clearTimeout(timer);
}
