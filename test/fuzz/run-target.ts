import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ChildMessage, ChildTask } from "./fuzz-child";
import type { Finding } from "./fuzz-target";

/** Processor time of a process that a case may take; one that takes more hangs. */
const HANG_CPU_MS = 20_000;

/** Wall time of a case: one that waits for what never comes takes no processor time. A busy machine takes its time. */
const HANG_MS = 300_000;

/** Wall time of preparing, which loads TensorFlow and trains a run. */
const PREPARE_MS = 300_000;

/** Milliseconds between two looks at the processor time. */
const LOOK_MS = 500;

/** Counts of a target's cases. */
export interface TargetResult {
  readonly refused: number;
  readonly accepted: number;
  readonly findings: readonly Finding[];
}

/**
 * Runs a target's cases in child processes. A case that ends or stalls its process is a finding; a new process runs the
 * other cases.
 */
export async function runTarget(
  target: string,
  options: { readonly seed: number; readonly cases: readonly number[]; readonly onCase?: (done: number) => void },
): Promise<TargetResult> {
  const findings: Finding[] = [];
  const counts = { refused: 0, accepted: 0 };
  let left = options.cases;
  while (left.length > 0) {
    const folder = await mkdtemp(join(tmpdir(), "tslora-fuzz-valid-"));
    try {
      const end = await runChild({ target, seed: options.seed, cases: left, folder }, (message) => {
        if (message.kind !== "end") return;
        if (message.outcome.kind === "finding") findings.push(message.outcome.finding);
        else counts[message.outcome.kind]++;
        options.onCase?.(options.cases.indexOf(message.index) + 1);
      });
      if (end.kind === "done") break;
      if (end.at === undefined) throw new Error(`The inputs of ${target} could not be prepared: ${end.detail}`);
      findings.push({ target, case: end.at, kind: end.kind, changes: end.changes, detail: end.detail });
      left = left.slice(left.indexOf(end.at) + 1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  return { ...counts, findings };
}

/** End of a child process, and the case at which it ended. */
type ChildEnd =
  | { readonly kind: "done" }
  | {
      readonly kind: "crash" | "hang";
      readonly at: number | undefined;
      readonly changes: readonly string[];
      readonly detail: string;
    };

function runChild(task: ChildTask, onMessage: (message: ChildMessage) => void): Promise<ChildEnd> {
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(join(__dirname, "fuzz-child.js"), [JSON.stringify(task)], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: ["--max-old-space-size=1536"],
    });
    let at: number | undefined;
    let changes: readonly string[] = [];
    let hang: string | undefined;
    let errors = "";
    let limits = { wallMs: PREPARE_MS, cpuMs: Infinity };
    let [began, cpuBefore] = [performance.now(), 0];
    const begin = (next: typeof limits): void => {
      limits = next;
      [began, cpuBefore] = [performance.now(), cpuMs(child.pid) ?? 0];
    };
    const looks = setInterval(() => {
      const used = (cpuMs(child.pid) ?? 0) - cpuBefore;
      if (used > limits.cpuMs) hang = `no end after ${Math.round(used / 1000)} s of processor time`;
      else if (performance.now() - began > limits.wallMs) hang = `no end after ${limits.wallMs / 1000} s`;
      if (hang !== undefined) child.kill("SIGKILL");
    }, LOOK_MS);
    child.stderr?.on("data", (text: Buffer) => (errors = `${errors}${text.toString()}`.slice(-2000)));
    child.on("message", (message: ChildMessage) => {
      at = message.index;
      const isRead = message.kind === "damage"; // reading is timed, damaging is not
      begin(isRead ? { wallMs: HANG_MS, cpuMs: HANG_CPU_MS } : { wallMs: PREPARE_MS, cpuMs: Infinity });
      changes = message.kind === "damage" ? message.changes : [];
      onMessage(message);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearInterval(looks);
      if (hang !== undefined) resolve({ kind: "hang", at, changes, detail: hang });
      else if (code === 0) resolve({ kind: "done" });
      else resolve({ kind: "crash", at, changes, detail: `${signal ?? `exit code ${code}`}: ${errors.trim()}` });
    });
  });
}

/** Reads a process's processor time, of all its threads; undefined where the system does not report it. */
function cpuMs(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10; // utime and stime in ticks, of which Linux has 100 a second
  } catch {
    return undefined; // it has ended, or this is not Linux: the wall time alone limits
  }
}
