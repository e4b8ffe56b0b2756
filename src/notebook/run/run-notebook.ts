import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { faultText } from "../../base/files/file-fault";
import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import type * as AutosaveModule from "./autosave";
import { checkWritable } from "../format/check-writable";
import { findKernelSpec } from "../jupyter/find-kernelspec";
import type { KernelSpec } from "../jupyter/kernel-spec";
import type * as InjectParameters from "../parameters/inject-parameters";
import { startKernel, type Kernel } from "../jupyter/kernel-client";
import { withoutFailureMarks } from "./mark-failure";
import type { Notebook } from "../format/notebook-types";
import { OUTPUT_LIMIT, OutputLimit } from "./output-limit";
import { readNotebook } from "../format/read-notebook";
import type * as RunCells from "./run-cells";
import type { RunEvent, RunSummary } from "./run-events";
import type { RunOptions } from "./run-options";
import { RunState } from "./run-state";

/** Milliseconds until the file shows that a cell is running, and between two saves of a running cell's outputs. */
const RUNNING_MS = 1000;
const OUTPUTS_MS = 15_000;

/* eslint-disable @typescript-eslint/no-require-imports -- loaded while a kernel starts */
const onDemand = {
  parameters: () => require("../parameters/inject-parameters") as typeof InjectParameters,
  saving: () => require("./autosave") as typeof AutosaveModule,
  cells: () => require("./run-cells") as typeof RunCells,
};
/* eslint-enable @typescript-eslint/no-require-imports */

/**
 * Executes a notebook headless, cell by cell, with any Jupyter kernel. Put hooks into a loop over the run:
 *
 * ```ts
 * for await (const event of runNotebook("report.ipynb", { outputPath: "output/report.ipynb" }))
 *   console.log(event.event);
 * ```
 *
 * A failing cell is reported as an event and an outcome, not thrown. If you leave the loop early, the notebook is saved
 * and the kernel is ended.
 *
 * @param notebook - a path, or a notebook in memory, which is not changed
 * @returns the run's summary; the `end` event has the same
 * @throws TsloraError before anything runs or is written, for invalid options, notebook, parameters, kernel or output
 * path; `kernel` when the kernel does not start; `not-saved`, after the `end` event, when the notebook could not be
 * saved.
 */
export async function* runNotebook(
  notebook: string | Notebook,
  options: RunOptions = {},
): AsyncGenerator<RunEvent, RunSummary, undefined> {
  checkLimits(options);
  const waiting: RunEvent[] = [];
  const onNote = (text: string): void => void waiting.push({ event: "note", text });
  const { path, cwd, spec, state } = await prepare(notebook, options, onNote);
  const { outputPath } = options;
  if (outputPath !== undefined) await checkWritable(outputPath);

  yield* waiting.splice(0);
  const kernel = yield* start(spec, {
    path,
    cwd,
    options,
    onLog: (name, text) => void waiting.push({ event: "kernel-log", name, text }),
  });
  const compose = (): Notebook => state.compose(spec, kernel.info.language_info);
  const autosave =
    outputPath === undefined
      ? undefined
      : new (onDemand.saving().Autosave)({
          path: outputPath,
          compose,
          onSaved: () => void waiting.push({ event: "saved", outputPath }),
          onFailed: (error) => void waiting.push({ event: "not-saved", outputPath, error }),
        });
  yield* execute(kernel, { state, options, autosave, waiting });
  const unsaved = await autosave?.flush().then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  yield* waiting.splice(0);
  const { status, reports: cells, failed, elapsedMs, startedAt } = state;
  const summary: RunSummary = {
    status,
    path,
    outputPath,
    kernel: spec.name,
    startedAt: startedAt.toISOString(),
    elapsedMs,
    cells,
    failed,
    notebook: compose(),
  };
  yield { event: "end", summary };
  if (unsaved !== undefined) throw unsaved;
  return summary;
}

interface PreparedRun {
  /** The notebook's name in messages. */
  readonly path: string;
  /** The kernel's working folder. */
  readonly cwd: string;
  readonly spec: KernelSpec;
  readonly state: RunState;
}

/** Reads the notebook, finds its kernel and injects its parameters, before anything runs. */
async function prepare(
  notebook: string | Notebook,
  options: RunOptions,
  onNote: (text: string) => void,
): Promise<PreparedRun> {
  const source = typeof notebook === "string" ? await readNotebook(notebook, { onNote }) : notebook;
  const path = options.path ?? (typeof notebook === "string" ? notebook : "notebook");
  const spec = findKernelSpec(options.kernel ?? kernelName(source, path));
  const unmarked = { ...source, cells: withoutFailureMarks(source.cells) };
  const { parameters: values = {}, rawParameters: raw } = options;
  const { language } = spec;
  const whole =
    Object.keys(values).length > 0
      ? onDemand.parameters().injectParameters(unmarked, { values, raw, language, path })
      : unmarked;
  const cwd = resolve(options.cwd ?? dirname(path));
  await checkFolder(cwd);
  return { path, cwd, spec, state: new RunState(whole, outputLimits(options)) };
}

/** Checks the kernel's working folder: the system would report that the kernel's program is missing. */
async function checkFolder(cwd: string): Promise<void> {
  const why = await stat(cwd).then((found) => (found.isDirectory() ? undefined : "it is a file"), faultText);
  if (why === undefined) return;
  throw new TsloraError(
    "bad-option",
    `The kernel's working folder must be a folder; got ${shownPath(cwd)}: ${why}. Choose one with --cwd.`,
    { details: { cwd } },
  );
}

/** The output limit of a cell, by the cell's number; undefined for a notebook that is neither saved nor limited. */
function outputLimits({ outputPath, outputLimit }: RunOptions): ((number: number) => OutputLimit) | undefined {
  if (outputPath === undefined && outputLimit === undefined) return undefined;
  const stem = outputPath?.replace(/\.ipynb$/, "");
  return (number) =>
    new OutputLimit({
      limit: outputLimit ?? OUTPUT_LIMIT,
      outputPath,
      restPath: stem === undefined ? undefined : `${stem}.cell-${number}`,
    });
}

interface CellsRun {
  readonly state: RunState;
  readonly options: RunOptions;
  readonly autosave: AutosaveModule.Autosave | undefined;
  /** Events of kernel and autosave that have not been yielded yet. */
  readonly waiting: RunEvent[];
}

/** Runs the cells, saves the notebook meanwhile, and ends the kernel. */
async function* execute(
  kernel: Kernel,
  { state, options, autosave, waiting }: CellsRun,
): AsyncGenerator<RunEvent, void, undefined> {
  let isDone = false;
  try {
    yield { event: "kernel-ready", kernel: kernel.spec.name, pid: kernel.pid, elapsedMs: state.elapsedMs };
    autosave?.request(1); // saved while the first cell runs
    for await (const event of onDemand.cells().runCells(kernel, state, options)) {
      if (event.event === "cell-end" || event.event === "cell-failed-late") autosave?.request();
      else autosave?.request(event.event === "cell-start" ? RUNNING_MS : OUTPUTS_MS);
      yield* waiting.splice(0);
      yield event;
    }
    isDone = true;
  } finally {
    const isAnswering = state.reports.every(
      ({ outcome }) =>
        outcome.status !== "aborted" &&
        outcome.status !== "dead" &&
        (outcome.status !== "timeout" || outcome.interrupted === true),
    );
    await kernel.stop(isAnswering ? "ask" : "terminate");
    // The caller has left the loop, or an error was thrown in it, so a failed save cannot be reported.
    if (!isDone) await autosave?.flush().catch(() => undefined);
  }
}

interface StartOptions {
  readonly path: string;
  readonly cwd: string;
  readonly options: RunOptions;
  readonly onLog: (name: "stdout" | "stderr", text: string) => void;
}

async function* start(
  spec: KernelSpec,
  { path, cwd, options, onLog }: StartOptions,
): AsyncGenerator<RunEvent, Kernel, undefined> {
  const { env, startTimeoutMs, graceMs, signal, transport, startRetries = 0 } = options;
  for (let attempt = 1; ; attempt++) {
    yield { event: "kernel-starting", path, kernel: spec.name, attempt };
    try {
      return await startKernel({
        spec,
        cwd,
        env,
        startTimeoutMs,
        graceMs,
        signal,
        transport,
        onLog,
        onSpawned: () => void [onDemand.saving(), onDemand.cells()],
      });
    } catch (error) {
      if (!(error instanceof TsloraError) || error.code !== "kernel" || attempt > startRetries) throw error;
      yield { event: "note", text: `${error.message} It is started again (${attempt} of ${startRetries}).` };
    }
  }
}

function checkLimits(options: RunOptions): void {
  const problems = new Problems("runNotebook");
  for (const name of ["cellTimeoutMs", "timeoutMs", "startTimeoutMs", "graceMs"] as const) {
    const value = options[name];
    // Timers have 32 bits.
    problems.expect(
      value === undefined || (value > 0 && value < 2 ** 31),
      `${name} must be above 0 and below 2^31 milliseconds (24 days); got ${value}`,
    );
  }
  const { startRetries = 0, outputLimit = OUTPUT_LIMIT } = options;
  problems.expect(outputLimit >= 1000, `outputLimit must be 1000 characters or more; got ${outputLimit}`);
  problems.expect(
    Number.isInteger(startRetries) && startRetries >= 0,
    `startRetries must be a whole number from 0; got ${startRetries}`,
  );
  problems.throwIfAny();
}

function kernelName(notebook: Notebook, path: string): string {
  const name: unknown = notebook.metadata.kernelspec?.name;
  if (typeof name !== "string" || name.trim() === "")
    throw new TsloraError(
      "bad-input",
      `${path} names no kernel in its metadata. Choose one with --kernel, for example tslab.`,
      { details: { path } },
    );
  return name;
}
