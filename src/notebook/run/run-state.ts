import type { OutputMessage } from "../jupyter/wire";
import { CellOutputs, displayId } from "./output-reducer";
import type { ExecutionTimes } from "./execute-cell";
import type { KernelSpec } from "../jupyter/kernel-spec";
import { isRecord } from "../../base/json";
import { withFailureMarks } from "./mark-failure";
import type { CodeCell, ErrorOutput, Notebook } from "../format/notebook-types";
import type { OutputLimit } from "./output-limit";
import type { CellMemory, CellOutcome, CellPlace, CellReport, RunEvent, RunStatus } from "./run-events";
import { Widgets } from "./widgets";
import { withoutKeys } from "../format/without-keys";

/** A code cell and its position. */
export interface PlacedCell {
  readonly cell: CodeCell;
  readonly place: CellPlace;
}

/** Record of a cell that ended. */
export interface CellEnd {
  readonly outcome: CellOutcome;
  readonly elapsedMs: number;
  readonly times?: ExecutionTimes;
  readonly executionCount?: number | null;
  readonly memory?: CellMemory;
}

/** State of a notebook's cells during a run. It does not depend on the kernel. */
export class RunState {
  /** The notebook's code cells in order. */
  readonly codeCells: readonly PlacedCell[];
  readonly startedAt = new Date();
  readonly #start = performance.now();
  readonly #notebook: Notebook;
  readonly #reports = new Map<number, CellReport>(); // by the cell's number
  readonly #ended: CodeCell[]; // by number - 1: the cell as it is saved, without outputs
  readonly #outputs: CellOutputs[]; // by number - 1
  readonly #saved: (CodeCell | undefined)[] = []; // by number - 1: the cell with its outputs, cached until it changes
  readonly #displays = new Map<string, Set<number>>(); // by display id: indices in #outputs of the cells that show it
  /** The widgets that cells have created. */
  readonly widgets = new Widgets();

  readonly #limits: (OutputLimit | undefined)[]; // by number - 1

  /** @param limit - the limit of a cell's outputs, by its number */
  constructor(notebook: Notebook, limit: (number: number) => OutputLimit | undefined = () => undefined) {
    this.#notebook = notebook;
    const code = notebook.cells.flatMap((cell, index) => (cell.cell_type === "code" ? [{ cell, index }] : []));
    this.codeCells = code.map(({ cell, index }, at) => ({
      cell,
      place: { index, number: at + 1, total: code.length },
    }));
    this.#outputs = code.map(() => new CellOutputs());
    this.#limits = code.map((_, at) => limit(at + 1));
    this.#ended = code.map(({ cell }) => ({
      ...cell,
      execution_count: null,
      metadata: recorded(cell, { status: "pending" }),
    }));
  }

  get elapsedMs(): number {
    return performance.now() - this.#start;
  }

  /** The reports of all cells that have ended, in order. */
  get reports(): readonly CellReport[] {
    return this.codeCells.flatMap(({ place }) => this.#reports.get(place.number) ?? []);
  }

  /** The first failed cell. */
  get failed(): CellReport | undefined {
    return this.reports.find(({ outcome }) => outcome.status !== "ok" && outcome.status !== "skipped");
  }

  /** The run's status: the outcome that stopped the run, or an error if the run continued after errors. */
  get status(): RunStatus {
    const statuses = this.reports.map(({ outcome }) => outcome.status);
    return (["aborted", "dead", "timeout", "error"] as const).find((status) => statuses.includes(status)) ?? "ok";
  }

  report({ number }: CellPlace): CellReport | undefined {
    return this.#reports.get(number);
  }

  /** A cell as it is saved: the same object until it changes. */
  cell({ number }: CellPlace): CodeCell {
    return (this.#saved[number - 1] ??= { ...this.#ended[number - 1], outputs: this.#outputs[number - 1].outputs });
  }

  /**
   * Adds a message of a cell to its outputs, and to those of other cells if it updates their displays. Yields an event
   * for each output that was kept; a cell over its limit keeps fewer.
   */
  *reduce(place: CellPlace, message: OutputMessage, late = false): Generator<RunEvent, void, undefined> {
    const { number } = place;
    const { messages, note } = this.#limits[number - 1]?.take(message, this.#outputs[number - 1].size) ?? {
      messages: [message],
      note: undefined,
    };
    for (const taken of messages) {
      this.#take(number, taken);
      yield { event: "output", message: taken, late, ...place };
    }
    if (note !== undefined) yield { event: "note", text: `cell ${number}: ${note}` };
  }

  #take(number: number, message: OutputMessage): void {
    const id = ["display_data", "execute_result", "update_display_data"].includes(message.type)
      ? displayId(message.content)
      : undefined;
    if (id !== undefined) {
      const places = this.#displays.get(id) ?? new Set<number>();
      for (const at of places) if (this.#outputs[at].updateDisplay(message.content)) this.#saved[at] = undefined;
      if (message.type !== "update_display_data") this.#displays.set(id, places.add(number - 1));
    }
    if (this.#outputs[number - 1].add(message)) this.#saved[number - 1] = undefined;
  }

  /** The last error among a cell's outputs. */
  lastError({ number }: CellPlace): ErrorOutput | undefined {
    return this.#outputs[number - 1].lastError;
  }

  /** Records that a cell runs now. */
  start({ cell, place }: PlacedCell): void {
    this.#ended[place.number - 1] = { ...cell, execution_count: null, metadata: recorded(cell, { status: "running" }) };
    this.#saved[place.number - 1] = undefined;
  }

  /** Records the end of a cell. */
  end(
    { cell, place }: PlacedCell,
    { outcome, elapsedMs, times = {}, executionCount = null, memory }: CellEnd,
  ): CellReport {
    const limit = this.#limits[place.number - 1];
    limit?.close();
    const rest = limit?.rest ?? [];
    const report: CellReport = {
      ...place,
      id: cell.id,
      source: cell.source,
      outcome,
      elapsedMs,
      ...(memory !== undefined && { memory }),
      ...(rest.length > 0 && { rest }),
    };
    this.#reports.set(place.number, report);
    const status = {
      status: outcome.status,
      ...(outcome.status === "skipped" && { reason: outcome.reason }),
      duration: seconds(elapsedMs),
    };
    const execution = Object.keys(times).length === 0 ? {} : { execution: times };
    this.#ended[place.number - 1] = {
      ...cell,
      metadata: { ...recorded(cell, status), ...execution },
      execution_count: executionCount,
    };
    this.#saved[place.number - 1] = undefined;
    return report;
  }

  /**
   * Marks a cell that was ok as failed, and returns its new report. A cell that has already failed, or that has raised
   * the error that its tag expects, is left unchanged.
   */
  failLate(place: CellPlace, error: ErrorOutput): CellReport | undefined {
    const report = this.#reports.get(place.number);
    if (report?.outcome.status !== "ok" || report.outcome.expected !== undefined) return undefined;
    const failed: CellReport = { ...report, outcome: { status: "error", error } };
    this.#reports.set(place.number, failed);
    const cell = this.#ended[place.number - 1];
    this.#ended[place.number - 1] = {
      ...cell,
      metadata: { ...cell.metadata, tslora: { status: "error", duration: seconds(report.elapsedMs) } },
    };
    this.#saved[place.number - 1] = undefined;
    return failed;
  }

  /** The current notebook with outputs, times and statuses, and a failure mark at the top. */
  compose(spec: KernelSpec, languageInfo: unknown): Notebook {
    const metadata = withoutKeys(this.#notebook.metadata, ["widgets"]); // from an earlier run
    const widgets = this.widgets.metadata();
    const own = { name: spec.name, display_name: spec.displayName, language: spec.language };
    const run = {
      status: this.status,
      kernel: spec.name,
      started: this.startedAt.toISOString(),
      duration: seconds(this.elapsedMs),
    };
    const cells = [...this.#notebook.cells];
    for (const { place } of this.codeCells) cells[place.index] = this.cell(place);
    const { failed } = this;
    return {
      ...this.#notebook,
      metadata: {
        ...metadata,
        kernelspec: metadata.kernelspec?.name === spec.name ? metadata.kernelspec : own,
        ...(isRecord(languageInfo) &&
          typeof languageInfo.name === "string" && { language_info: { ...languageInfo, name: languageInfo.name } }),
        ...(widgets !== undefined && { widgets }),
        tslora: run,
      },
      cells: failed === undefined ? cells : withFailureMarks(cells, failed),
    };
  }
}

function recorded(cell: CodeCell, status: Readonly<Record<string, unknown>>): CodeCell["metadata"] {
  const metadata: Record<string, unknown> = { ...cell.metadata, tslora: status };
  delete metadata.execution; // from an earlier run
  return metadata;
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
