import { fork } from "node:child_process";
import { dirname, join, resolve } from "node:path";

import { TsloraError } from "../../base/tslora-error";
import type { CellProblem, CheckRequest } from "./check-worker";
import { hasTag } from "../format/notebook-types";
import { readNotebook } from "../format/read-notebook";
import { ownKernelSpec } from "../jupyter/own-kernels";
import { TSLAB_DIALECT } from "../tslab/tslab-dialect";

export type { CellProblem } from "./check-worker";

/** Options of checking a notebook. */
export interface CheckOptions {
  /** The folder that imports resolve from. @default the notebook's folder */
  readonly cwd?: string;
}

/** Result of a check. Only TypeScript notebooks can be checked. */
export type CheckResult =
  | { readonly kind: "checked"; readonly cells: number; readonly problems: readonly CellProblem[] }
  | { readonly kind: "other-language"; readonly kernel: string };

/**
 * Type-checks the code cells of a TypeScript notebook without executing them. Uses tslab's own compiler, options and
 * rules (top-level await, names declared again in later cells) and takes the cells from top to bottom.
 *
 * @throws TsloraError as {@link readNotebook}; `kernel` when the compiler itself fails.
 */
export async function checkNotebook(path: string, options: CheckOptions = {}): Promise<CheckResult> {
  const notebook = await readNotebook(path);
  const kernel = notebook.metadata.kernelspec?.name ?? "unknown";
  const spec = ownKernelSpec(kernel);
  if (spec?.dialect !== TSLAB_DIALECT || spec.language !== "typescript") return { kind: "other-language", kernel };
  const code = notebook.cells
    .filter((cell) => cell.cell_type === "code")
    .map((cell, index) => ({ cell, number: index + 1 }));
  const cells = code
    .filter(({ cell }) => cell.source.trim() !== "" && !hasTag(cell, "skip-execution"))
    .map(({ cell, number }) => ({ number, source: cell.source }));
  const problems = await compile({ cells }, resolve(options.cwd ?? dirname(path)));
  const expected = new Set(code.filter(({ cell }) => hasTag(cell, "raises-exception")).map(({ number }) => number));
  return { kind: "checked", cells: cells.length, problems: problems.filter(({ cell }) => !expected.has(cell)) };
}

async function compile(request: CheckRequest, cwd: string): Promise<readonly CellProblem[]> {
  const worker = fork(join(__dirname, "check-worker.js"), [], {
    cwd,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [],
  });
  let log = "";
  worker.stderr?.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-4000)));
  return new Promise((done, fail) => {
    let problems: readonly CellProblem[] | undefined;
    worker.once("message", (message: readonly CellProblem[]) => (problems = message));
    worker.once("error", fail);
    worker.once("exit", (code, signal) => {
      if (problems !== undefined) done(problems);
      else {
        const printed = log.trim() === "" ? "" : ` It printed:\n${log.trim()}`;
        const how = signal ?? `exit code ${code}`;
        fail(new TsloraError("kernel", `The compiler ended without a result (${how}).${printed}`));
      }
    });
    worker.send(request);
  });
}
