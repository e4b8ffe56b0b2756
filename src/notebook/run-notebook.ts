import { dirname, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { TsloraError } from "../base/tslora-error";
import { executeCell, type Execution } from "./execute-cell";
import { findKernelSpec, type KernelSpec } from "./find-kernelspec";
import { injectParameters, type ParameterInput } from "./inject-parameters";
import { startKernel, type Kernel } from "./kernel";
import { describeExit } from "./kernel-process";
import { withFailureMarks, withoutFailureMarks } from "./mark-failure";
import { hasTag, type CodeCell, type ErrorOutput, type Notebook } from "./notebook-types";
import { NO_OUTPUTS, reduceOutputs, updateDisplays, type CellOutputs, type OutputMessage } from "./output-reducer";
import { readNotebook } from "./read-notebook";
import type { CellOutcome, CellPlace, CellReport, RunEvent, RunStatus, RunSummary } from "./run-events";
import { saveNotebook } from "./save-notebook";
import { tslabErrorOutput, type ExecutedCell } from "./tslab-error-output";
import { TslabFailureFilter, type TslabFailure } from "./tslab-failures";
import type { Message } from "./wire";

/** How a notebook is run. */
export interface RunOptions {
  /** Where the executed notebook is written after every cell. @default not written */
  readonly outputPath?: string;
  /** What messages call the notebook, and whose folder is the kernel's. @default the path given, or "notebook" */
  readonly path?: string;
  /** The kernel's name. @default the notebook's own kernelspec */
  readonly kernel?: string;
  /** The kernel's working folder. @default the notebook's folder */
  readonly cwd?: string;
  /** Variables set for the kernel on top of this process's own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Values for the notebook's parameters; texts are read as the parameter's type asks. @default none */
  readonly parameters?: ParameterInput;
  /** What a failed cell does to the run. @default "stop" */
  readonly onError?: "stop" | "continue";
  /** After how many milliseconds a cell is interrupted. @default no limit */
  readonly cellTimeoutMs?: number;
  /** After how many milliseconds the run is interrupted. @default no limit */
  readonly timeoutMs?: number;
  /** How long the kernel has to start, in milliseconds. @default 60000 */
  readonly startTimeoutMs?: number;
  /** How long each step from interrupt over terminate to kill waits, in milliseconds. @default 3000 */
  readonly graceMs?: number;
  /** Stops the run: the cell is interrupted, the notebook saved, the kernel ended. */
  readonly signal?: AbortSignal;
}

/** tslab drops cells that come within 200 ms after a failed one. */
const TSLAB_RECOVERY_MS = 250;

/**
 * Executes a notebook headless, cell by cell, with any Jupyter kernel. A loop over the run is the place for hooks:
 *
 * ```ts
 * for await (const event of runNotebook("report.ipynb", { outputPath: "output/report.ipynb" })) console.log(event.event);
 * ```
 *
 * A failing cell is an event and an outcome, not an exception. Leaving the loop early ends the kernel.
 *
 * @param notebook - a path, or a notebook in memory, which is not changed
 * @returns what the run leaves; the `end` event carries the same
 * @throws TsloraError before anything runs or is written, for a notebook, parameters or a kernel that cannot be used;
 * `kernel` when the kernel does not start.
 */
export async function* runNotebook(notebook: string | Notebook, options: RunOptions = {}): AsyncGenerator<RunEvent, RunSummary> {
  checkLimits(options);
  const source = typeof notebook === "string" ? await readNotebook(notebook) : notebook;
  const path = options.path ?? (typeof notebook === "string" ? notebook : "notebook");
  const spec = findKernelSpec(options.kernel ?? kernelName(source, path));
  const prepared = injectParameters({ ...source, cells: withoutFailureMarks(source.cells) }, { values: options.parameters ?? {}, language: spec.language, path });
  const cwd = resolve(options.cwd ?? (path === "notebook" ? "." : dirname(path)));

  const run = new Run(prepared, spec, path, options);
  yield { event: "kernel-starting", path, kernel: spec.name };
  const kernel = await startKernel({ spec, cwd, env: options.env, startTimeoutMs: options.startTimeoutMs, graceMs: options.graceMs, signal: options.signal, onLog: (name, text) => run.log(name, text) });
  try {
    yield { event: "kernel-ready", kernel: spec.name, pid: kernel.pid, elapsedMs: run.elapsedMs };
    yield* run.cells(kernel);
  } finally {
    await kernel.stop(kernel.ended || run.interrupted ? "terminate" : "ask");
  }
  const summary = await run.finish();
  yield { event: "end", summary };
  return summary;
}

/** The state of one run: what each cell has become so far. */
class Run {
  readonly #spec: KernelSpec;
  readonly #path: string;
  readonly #options: RunOptions;
  readonly #notebook: Notebook;
  readonly #codeCells: readonly { readonly cell: CodeCell; readonly place: CellPlace }[];
  readonly #startedAt = new Date();
  readonly #start = performance.now();
  readonly #reports = new Map<number, CellReport>();
  readonly #executed: ExecutedCell[] = [];
  readonly #requests = new Map<string, number>(); // request id -> number of the cell
  readonly #logs: RunEvent[] = [];
  readonly #late: Message[] = [];
  #outputs: readonly CellOutputs[];
  #done: CodeCell[];
  #language: Record<string, unknown> | undefined;

  constructor(notebook: Notebook, spec: KernelSpec, path: string, options: RunOptions) {
    this.#spec = spec;
    this.#path = path;
    this.#options = options;
    this.#notebook = notebook;
    const code = notebook.cells.flatMap((cell, index) => (cell.cell_type === "code" ? [{ cell, index }] : []));
    this.#codeCells = code.map(({ cell, index }, at) => ({ cell, place: { index, number: at + 1, total: code.length } }));
    this.#outputs = code.map(() => NO_OUTPUTS);
    this.#done = code.map(({ cell }) => ({ ...cell, execution_count: null, outputs: [], metadata: withStatus(cell, { status: "pending" }) }));
  }

  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  /** Whether the last cell was stopped, so that the kernel cannot be expected to answer. */
  get interrupted(): boolean {
    return [...this.#reports.values()].some(({ outcome }) => outcome.status === "timeout" || outcome.status === "aborted" || outcome.status === "dead");
  }

  log(name: "stdout" | "stderr", text: string): void {
    this.#logs.push({ event: "kernel-log", name, text });
  }

  async *cells(kernel: Kernel): AsyncGenerator<RunEvent, void> {
    const info = kernel.info.language_info;
    if (typeof info === "object" && info !== null) this.#language = info as Record<string, unknown>;
    kernel.onStray((message) => this.#late.push(message));
    yield* this.#save();
    let stopped = false;
    for (const { cell, place } of this.#codeCells) {
      const skipped = stopped ? "not-reached" : hasTag(cell, "skip-execution") ? "tag" : cell.source.trim() === "" ? "empty" : undefined;
      if (skipped !== undefined) {
        this.#end(place, cell, { status: "skipped", reason: skipped }, 0, {});
        continue;
      }
      if (this.#options.signal?.aborted === true) {
        this.#end(place, cell, { status: "aborted", error: abortedError() }, 0, {});
        stopped = true;
        continue;
      }
      yield { event: "cell-start", cell, ...place };
      const report = yield* this.#runCell(kernel, cell, place);
      yield* this.#takeLate();
      yield { event: "cell-end", cell: this.#done[place.number - 1], report: this.#reports.get(place.number) ?? report, ...place };
      yield* this.#save();
      const { outcome } = report;
      stopped = outcome.status === "error" ? this.#options.onError !== "continue" : outcome.status !== "ok";
      if (this.#failed !== undefined && this.#options.onError !== "continue") stopped = true; // an earlier cell, by a late rejection
      const raised = outcome.status === "error" || (outcome.status === "ok" && outcome.expected !== undefined);
      if (raised && !stopped && this.#spec.dialect === "tslab") await delay(TSLAB_RECOVERY_MS);
    }
  }

  async finish(): Promise<RunSummary> {
    const failed = this.#failed;
    const notebook = this.#compose(failed);
    if (this.#options.outputPath !== undefined) await saveNotebook(notebook, this.#options.outputPath);
    return {
      status: this.#status,
      path: this.#path,
      outputPath: this.#options.outputPath,
      kernel: this.#spec.name,
      startedAt: this.#startedAt.toISOString(),
      elapsedMs: this.elapsedMs,
      cells: [...this.#reports.values()].sort((a, b) => a.number - b.number),
      failed,
      notebook,
    };
  }

  get #failed(): CellReport | undefined {
    return [...this.#reports.values()].sort((a, b) => a.number - b.number).find(({ outcome }) => outcome.status !== "ok" && outcome.status !== "skipped");
  }

  /** What stopped the run counts; a run that went on over errors is an error. */
  get #status(): RunStatus {
    const statuses = [...this.#reports.values()].map(({ outcome }) => outcome.status);
    return (["aborted", "dead", "timeout", "error"] as const).find((status) => statuses.includes(status)) ?? "ok";
  }

  async *#runCell(kernel: Kernel, cell: CodeCell, place: CellPlace): AsyncGenerator<RunEvent, CellReport> {
    const at = place.number - 1;
    const start = performance.now();
    const limit = this.#limit();
    const filter = new TslabFailureFilter();
    const tslab = this.#spec.dialect === "tslab";
    this.#executed.push({ number: place.number, source: cell.source });

    const execution = executeCell(kernel, cell.source, {
      timeoutMs: limit?.ms,
      graceMs: this.#options.graceMs ?? 3000,
      signal: this.#options.signal,
      onRequest: (id) => void this.#requests.set(id, place.number),
    });
    const output = (message: OutputMessage): RunEvent => {
      this.#reduce(at, message);
      return { event: "output", message, late: false, ...place };
    };
    let ended: Execution | undefined;
    let raised: ErrorOutput | undefined;
    for (;;) {
      const next = await execution.next();
      yield* this.#takeLogs();
      if (next.done === true) {
        ended = next.value;
        break;
      }
      const { header, content } = next.value;
      const texts = tslab && header.msg_type === "stream" && content.name === "stderr" ? filter.accept(String(content.text)) : undefined;
      for (const text of texts ?? (tslab ? filter.release() : [])) yield output({ type: "stream", content: { name: "stderr", text } });
      if (texts === undefined && header.msg_type !== "execute_input") yield output({ type: header.msg_type, content });
      if (header.msg_type === "error") raised = this.#lastError(at);
    }

    const status = ended.end.kind === "reply" ? ended.end.content.status : undefined;
    if (tslab) {
      const { failure, released } = filter.end(status);
      for (const text of released) yield output({ type: "stream", content: { name: "stderr", text } });
      if (failure !== undefined) raised = this.#tslabError(failure);
    } else if (status === "error" && raised === undefined && ended.end.kind === "reply") {
      raised = replyError(ended.end.content); // a kernel that tells an error in its reply alone
    }
    const outcome = this.#outcome(cell, ended, raised, limit);
    const shown = "error" in outcome ? outcome.error : outcome.status === "ok" ? outcome.expected : undefined;
    if (shown !== undefined && this.#lastError(at) !== shown) yield output({ type: "error", content: { ...shown } });
    const count = ended.end.kind === "reply" && typeof ended.end.content.execution_count === "number" ? ended.end.content.execution_count : null;
    return this.#end(place, cell, outcome, performance.now() - start, ended.times, count);
  }

  #outcome(cell: CodeCell, { end, stopped, silentMs }: Execution, raised: ErrorOutput | undefined, limit: Limit | undefined): CellOutcome {
    if (stopped === "aborted") return { status: "aborted", error: raised ?? abortedError() };
    if (stopped === "timeout" && limit !== undefined) {
      const blocked = silentMs > 4000 ? ` The kernel had not answered for ${seconds(silentMs)}: one long computation blocks it.` : "";
      const ending = end.kind === "exit" ? " It did not hear the interrupt and was ended." : "";
      const whose = limit.of === "cell" ? `The cell was not done after ${seconds(limit.ms)}, its limit` : `The notebook was not done within ${seconds(this.#options.timeoutMs ?? 0)}, its limit`;
      return { status: "timeout", error: plainError("CellTimeoutError", `${whose}.${blocked}${ending}`), limit: limit.of, limitMs: limit.ms };
    }
    if (end.kind === "exit") return { status: "dead", exit: end.exit, error: plainError("DeadKernelError", `The kernel ended while the cell ran: ${describeExit(end.exit)}.`) };
    const expected = hasTag(cell, "raises-exception");
    if (raised !== undefined) return expected ? { status: "ok", expected: raised } : { status: "error", error: raised };
    const { status } = end.content;
    if (status === "aborted" || status === "abort") return { status: "error", error: plainError("CellAborted", "The kernel did not execute the cell.") };
    if (expected) return { status: "error", error: plainError("NoExceptionRaised", "The cell is tagged raises-exception, but raised none. Remove the tag, or mend the cell.") };
    return { status: "ok" };
  }

  #tslabError(failure: TslabFailure): ErrorOutput {
    return tslabErrorOutput(failure, this.#executed);
  }

  #lastError(at: number): ErrorOutput | undefined {
    return this.#outputs[at].outputs.findLast((output): output is ErrorOutput => output.output_type === "error");
  }

  #limit(): Limit | undefined {
    const { cellTimeoutMs, timeoutMs } = this.#options;
    const left = timeoutMs === undefined ? Infinity : Math.max(0, timeoutMs - this.elapsedMs);
    if (cellTimeoutMs !== undefined && cellTimeoutMs <= left) return { of: "cell", ms: cellTimeoutMs };
    return left === Infinity ? undefined : { of: "notebook", ms: left };
  }

  #reduce(at: number, message: OutputMessage): void {
    const changed = [...this.#outputs];
    changed[at] = reduceOutputs(changed[at], message);
    this.#outputs = message.type === "update_display_data" ? updateDisplays(changed, message.content) : changed;
    if (message.type !== "update_display_data") return;
    this.#done = this.#done.map((cell, index) => (this.#reports.has(index + 1) ? { ...cell, outputs: this.#outputs[index].outputs } : cell));
  }

  *#takeLogs(): Generator<RunEvent> {
    yield* this.#logs.splice(0);
  }

  /** Outputs of cells that had ended: they join their cell, and a rejection among them fails it. */
  *#takeLate(): Generator<RunEvent> {
    yield* this.#takeLogs();
    for (const { header, content, parent } of this.#late.splice(0)) {
      const number = this.#requests.get(parent.msg_id ?? "");
      if (number === undefined || header.msg_type === "status") continue;
      const { cell, place } = this.#codeCells[number - 1];
      let message: OutputMessage = { type: header.msg_type, content };
      const report = this.#reports.get(number);
      if (this.#spec.dialect === "tslab" && content.name === "stderr") {
        const filter = new TslabFailureFilter();
        filter.accept(String(content.text));
        const { failure } = filter.end("ok");
        if (failure !== undefined && report?.outcome.status === "ok") {
          const cells = this.#executed.slice(0, this.#executed.findIndex((executed) => executed.number === number) + 1);
          const error = tslabErrorOutput(failure, cells);
          message = { type: "error", content: { ...error } };
          this.#reports.set(number, { ...report, outcome: { status: "error", error } });
        }
      }
      this.#reduce(number - 1, message);
      this.#done[number - 1] = { ...this.#done[number - 1], outputs: this.#outputs[number - 1].outputs };
      void cell;
      yield { event: "output", message, late: true, ...place };
    }
  }

  #end(place: CellPlace, cell: CodeCell, outcome: CellOutcome, elapsedMs: number, times: Execution["times"], count: number | null = null): CellReport {
    const report: CellReport = { ...place, id: cell.id, source: cell.source, outcome, elapsedMs };
    this.#reports.set(place.number, report);
    const status = { status: outcome.status, ...(outcome.status === "skipped" && { reason: outcome.reason }), duration: Math.round(elapsedMs) / 1000 };
    const executed = Object.keys(times).length === 0 ? {} : { execution: times };
    this.#done[place.number - 1] = {
      ...cell,
      metadata: { ...withStatus(cell, status), ...executed },
      execution_count: count,
      outputs: this.#outputs[place.number - 1].outputs,
    };
    return report;
  }

  async *#save(): AsyncGenerator<RunEvent> {
    const { outputPath } = this.#options;
    if (outputPath === undefined) return;
    await saveNotebook(this.#compose(this.#failed), outputPath);
    yield { event: "saved", outputPath };
  }

  #compose(failed: CellReport | undefined): Notebook {
    let at = 0;
    const cells = this.#notebook.cells.map((cell) => (cell.cell_type === "code" ? this.#done[at++] : cell));
    const { metadata } = this.#notebook;
    const own = { name: this.#spec.name, display_name: this.#spec.displayName, language: this.#spec.language };
    const kernelspec = metadata.kernelspec?.name === this.#spec.name ? metadata.kernelspec : own;
    const tslora = { status: this.#status, kernel: this.#spec.name, parameters: this.#options.parameters ?? {}, started: this.#startedAt.toISOString(), duration: Math.round(this.elapsedMs) / 1000 };
    return {
      ...this.#notebook,
      metadata: { ...metadata, kernelspec, ...(typeof this.#language?.name === "string" && { language_info: this.#language as Notebook["metadata"]["language_info"] }), tslora },
      cells: failed === undefined ? cells : withFailureMarks(cells, failed),
    };
  }
}

interface Limit {
  readonly of: "cell" | "notebook";
  readonly ms: number;
}

function checkLimits(options: RunOptions): void {
  for (const name of ["cellTimeoutMs", "timeoutMs", "startTimeoutMs", "graceMs"] as const) {
    const value = options[name];
    // setTimeout counts in 32 bits
    if (value !== undefined && !(value > 0 && value < 2 ** 31)) throw new TsloraError("bad-option", `runNotebook: ${name} was expected to be above 0 and below 2^31 milliseconds; got ${value}.`);
  }
}

function kernelName(notebook: Notebook, path: string): string {
  const name = notebook.metadata.kernelspec?.name;
  if (name === undefined) throw new TsloraError("bad-input", `${path} names no kernel in its metadata. Choose one with --kernel, for example tslab.`, { details: { path } });
  return name;
}

function withStatus(cell: CodeCell, status: Record<string, unknown>): CodeCell["metadata"] {
  const { execution: _ofEarlierRun, ...metadata } = cell.metadata;
  return { ...metadata, tslora: status };
}

function plainError(ename: string, evalue: string): ErrorOutput {
  return { output_type: "error", ename, evalue, traceback: [`${ename}: ${evalue}`] };
}

function abortedError(): ErrorOutput {
  return plainError("Interrupted", "The run was interrupted by the user.");
}

function replyError(content: Readonly<Record<string, unknown>>): ErrorOutput {
  const { ename = "Error", evalue = "", traceback } = content;
  const lines = Array.isArray(traceback) ? traceback.map(String) : [];
  return { output_type: "error", ename: String(ename as string), evalue: String(evalue as string), traceback: lines.length > 0 ? lines : [`${String(ename as string)}: ${String(evalue as string)}`] };
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
