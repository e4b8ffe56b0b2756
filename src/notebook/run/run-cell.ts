import {
  deadKernelError,
  inputError,
  interruptedError,
  noExceptionError,
  notExecutedError,
  timeoutError,
  type CellLimit,
} from "./cell-errors";
import { LOST_REPLY, executeCell, type Execution } from "./execute-cell";
import type { Kernel } from "../jupyter/kernel-client";
import { plainError } from "../format/plain-error";
import { hasTag, type CodeCell, type ErrorOutput } from "../format/notebook-types";
import type { ExecutedCell } from "../jupyter/kernel-dialect";
import type { OutputMessage } from "../jupyter/wire";
import { processMemory, resetMemoryPeak } from "../jupyter/process-tree";
import type { CellOutcome, CellReport, RunEvent } from "./run-events";
import type { PlacedCell, RunState } from "./run-state";

/** Context and limits of a cell's execution. */
export interface RunCellOptions {
  readonly kernel: Kernel;
  readonly state: RunState;
  readonly limit: CellLimit | undefined;
  readonly graceMs: number;
  /** Whether the reply decides the outcome of a cell that was interrupted at its limit; see `RunOptions`. */
  readonly interruptOnTimeout: boolean;
  readonly signal: AbortSignal | undefined;
  /** The cells executed so far, this one included; stacks may refer to them. */
  readonly executed: readonly ExecutedCell[];
  readonly onRequest: (id: string) => void;
}

/** Executes one cell, yields its outputs, records its end and returns it. */
export async function* runCell(
  placed: PlacedCell,
  options: RunCellOptions,
): AsyncGenerator<RunEvent, CellReport, undefined> {
  const { kernel, state, limit, graceMs, signal, onRequest } = options;
  const { cell, place } = placed;
  const start = performance.now();
  resetMemoryPeak(kernel.pid);
  state.start(placed);
  const output = (message: OutputMessage): Iterable<RunEvent> => state.reduce(place, message);

  const failures = kernel.spec.dialect.failures();
  const execution = executeCell(kernel, cell.source, { timeoutMs: limit?.ms, graceMs, signal, onRequest });
  let raised: ErrorOutput | undefined;
  let executionCount: number | null = null;
  let next = await execution.next();
  for (; next.done !== true; next = await execution.next()) {
    const { header, content, parent, buffers } = next.value;
    if (typeof content.execution_count === "number") executionCount = content.execution_count;
    if (header.msg_type === "execute_input") continue;
    if (header.msg_type.startsWith("comm_")) state.widgets.comm(header.msg_type, content, buffers);
    const message: OutputMessage = { type: header.msg_type, content };
    const taken = state.widgets.capture(parent.msg_id ?? "", message);
    if (taken !== undefined) {
      if ("comm_id" in taken) kernel.sendMessage({ type: "comm_msg", content: taken });
      continue;
    }
    for (const shown of failures.take(message)) yield* output(shown);
    if (message.type === "error") raised = state.lastError(place);
  }

  const ended = next.value;
  const reply = ended.end.kind === "reply" && !isLost(ended) ? ended.end.content : undefined;
  const failure = failures.end({ reply, wasStopped: ended.stopped !== undefined, cells: options.executed });
  for (const shown of failure.released) yield* output(shown);
  raised ??= isLost(ended) ? plainError(LOST_REPLY.ename, LOST_REPLY.evalue) : failure.error?.();
  const outcome = cellOutcome(cell, ended, {
    raised,
    limit,
    canContinue: options.interruptOnTimeout,
    log: kernel.logTail,
  });
  if (ended.stopped === "timeout" && outcome.status === "ok" && limit !== undefined) {
    yield {
      event: "note",
      text: `cell ${place.number} was interrupted at its limit of ${limit.givenMs / 1000} s, and ended well`,
    };
  }
  const error = outcome.status === "ok" ? outcome.expected : "error" in outcome ? outcome.error : undefined;
  if (error !== undefined && error !== state.lastError(place)) yield* output({ type: "error", content: { ...error } });
  if (typeof reply?.execution_count === "number") executionCount = reply.execution_count;
  const memory = processMemory(kernel.pid);
  return state.end(placed, {
    outcome,
    elapsedMs: performance.now() - start,
    times: ended.times,
    executionCount,
    ...(memory !== undefined && { memory: { peak: memory.peak, end: memory.now } }),
  });
}

interface OutcomeContext {
  readonly raised: ErrorOutput | undefined;
  readonly limit: CellLimit | undefined;
  /** Whether the run may continue after a cell was interrupted at its own limit. */
  readonly canContinue: boolean;
  /** The last characters that the kernel's process printed itself. */
  readonly log: string;
}

/** Whether the kernel sent no reply: the outcome is unknown. */
function isLost({ end }: Execution): boolean {
  return end.kind === "reply" && end.content === LOST_REPLY;
}

/** Derives a cell's outcome from the end of its execution. */
function cellOutcome(cell: CodeCell, ended: Execution, context: OutcomeContext): CellOutcome {
  const { raised, limit, canContinue, log } = context;
  const { end, stopped } = ended;
  const expected = hasTag(cell, "raises-exception") && !isLost(ended);
  if (stopped === "aborted") return { status: "aborted", error: raised ?? interruptedError() };
  if (stopped === "timeout" && limit !== undefined) {
    const interrupted = canContinue && limit.of === "cell" && end.kind === "reply";
    const failed = raised !== undefined || end.kind === "exit" || end.content.status !== "ok";
    const timeout = { status: "timeout", limit: limit.of, limitMs: limit.givenMs } as const;
    if (!interrupted) return { ...timeout, error: timeoutError(limit, ended) };
    if (failed && !(expected && raised !== undefined))
      return { ...timeout, error: raised ?? timeoutError(limit, ended), interrupted };
  }
  if (stopped === "input" && end.kind === "reply")
    return expected
      ? { status: "ok", expected: inputError(ended.prompt ?? "") }
      : { status: "error", error: inputError(ended.prompt ?? "") };
  if (end.kind === "exit") return { status: "dead", error: deadKernelError(end.exit, log), exit: end.exit };
  if (raised !== undefined) return expected ? { status: "ok", expected: raised } : { status: "error", error: raised };
  if (end.content.status === "aborted" || end.content.status === "abort")
    return { status: "error", error: notExecutedError() };
  return expected ? { status: "error", error: noExceptionError() } : { status: "ok" };
}
