import { fork, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { ChildMessage, ChildTask } from "./fuzz-child";
import type { Finding } from "./fuzz-target";

/** A case that takes longer hangs. */
const HANG_MS = 20_000;

/** Preparing loads TensorFlow and trains a run; a busy machine takes its time. */
const PREPARE_MS = 300_000;

/** Counts of a target's cases. */
export interface TargetResult {
  readonly refused: number;
  readonly accepted: number;
  readonly findings: readonly Finding[];
}

/** Runs a target's cases in child processes. A case that ends or stalls its process is a finding; the rest go on in a new one. */
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

/** How a child ended, and at which case. */
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
    let hung = false;
    let errors = "";
    let timer = setTimeout(stop, PREPARE_MS);
    function stop(): void {
      hung = true;
      child.kill("SIGKILL");
    }
    child.stderr?.on("data", (text: Buffer) => (errors = `${errors}${text.toString()}`.slice(-2000)));
    child.on("message", (message: ChildMessage) => {
      at = message.index;
      clearTimeout(timer);
      timer = setTimeout(stop, message.kind === "damage" ? HANG_MS : PREPARE_MS); // what reads is timed, not what damages
      changes = message.kind === "damage" ? message.changes : [];
      onMessage(message);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (hung) resolve({ kind: "hang", at, changes, detail: `no end after ${HANG_MS / 1000} s` });
      else if (code === 0) resolve({ kind: "done" });
      else resolve({ kind: "crash", at, changes, detail: `${signal ?? `exit code ${code}`}: ${errors.trim()}` });
    });
  });
}
