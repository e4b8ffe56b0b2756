import { isRecord, type JsonRecord } from "./json";
import type { DisplayOutput, Output } from "./notebook-types";

/** The outputs of one cell while it runs, and what the next one has to know. */
export interface CellOutputs {
  readonly outputs: readonly Output[];
  /** A `clear_output` with `wait` came: the next output replaces all. */
  readonly clearFirst: boolean;
  /** The unfinished last line of the last output, where that is a stream: a carriage return goes back to its start. */
  readonly openLine: string;
}

/** A cell without outputs. */
export const NO_OUTPUTS: CellOutputs = { outputs: [], clearFirst: false, openLine: "" };

/** What the reducer looks at: the type and content of an iopub message. */
export interface OutputMessage {
  readonly type: string;
  readonly content: JsonRecord;
}

/**
 * The outputs of a cell after one more iopub message. Streams of one name that follow each other become one; a
 * carriage return overwrites its line, a backspace its character, as in a terminal; other messages change nothing.
 * A display shown anew changes other cells too: see {@link updateDisplay}.
 */
export function reduceOutputs(state: CellOutputs, { type, content }: OutputMessage): CellOutputs {
  if (type === "clear_output") return content.wait === true ? { ...state, clearFirst: true } : NO_OUTPUTS;
  if (type === "stream") return addStream(cleared(state), content.name === "stderr" ? "stderr" : "stdout", text(content.text));
  const output = toOutput(type, content);
  if (output === undefined) return state;
  return { outputs: [...cleared(state).outputs, output], clearFirst: false, openLine: "" };
}

/**
 * The outputs of a cell after a message that shows a display anew: every output with its `display_id` shows the new
 * data. A cell without one is returned as it is, so that a caller can tell whether it changed.
 */
export function updateDisplay(cell: CellOutputs, content: JsonRecord): CellOutputs {
  const id = displayId(content);
  const shows = (output: Output): boolean => id !== undefined && "transient" in output && output.transient?.display_id === id;
  if (!cell.outputs.some(shows)) return cell;
  return { ...cell, outputs: cell.outputs.map((output) => (shows(output) ? { ...output, data: record(content.data), metadata: record(content.metadata) } : output)) };
}

/** A display, a result or an error as an output; undefined for a message of another type. */
export function toOutput(type: string, content: JsonRecord): Output | undefined {
  if (type === "error") {
    const traceback = Array.isArray(content.traceback) ? content.traceback.map(text) : [];
    return { output_type: "error", ename: text(content.ename), evalue: text(content.evalue), traceback };
  }
  const id = displayId(content);
  const shown = { data: record(content.data), metadata: record(content.metadata), ...(id !== undefined && { transient: { display_id: id } }) };
  if (type === "display_data") return { output_type: "display_data", ...shown } satisfies DisplayOutput;
  if (type === "execute_result") return { output_type: "execute_result", execution_count: typeof content.execution_count === "number" ? content.execution_count : null, ...shown };
  return undefined;
}

function cleared(state: CellOutputs): CellOutputs {
  return state.clearFirst ? NO_OUTPUTS : state;
}

function addStream(state: CellOutputs, name: "stdout" | "stderr", added: string): CellOutputs {
  if (added === "") return state;
  const last = state.outputs.at(-1);
  const continued = last?.output_type === "stream" && last.name === name;
  const openLine = continued ? state.openLine : "";
  const before = continued ? last.text : "";
  // Appending alone keeps V8's rope unflattened: ten megabytes in small pieces stay linear.
  const plain = !/[\r\b]/.test(openLine) && !/[\r\b]/.test(added);
  const tail = plain ? openLine + added : overwrite(openLine + added);
  const whole = plain ? before + added : before.slice(0, before.length - openLine.length) + tail;
  const stream: Output = { output_type: "stream", name, text: whole };
  return { outputs: continued ? [...state.outputs.slice(0, -1), stream] : [...state.outputs, stream], clearFirst: false, openLine: tail.slice(tail.lastIndexOf("\n") + 1) };
}

/** Applies carriage returns and backspaces; a return at the very end is kept, since what it overwrites has yet to come. */
function overwrite(lines: string): string {
  return lines.replace(/\r+\n/g, "\n").split("\n").map(overwriteLine).join("\n");
}

function overwriteLine(line: string): string {
  const pending = line.endsWith("\r") ? "\r" : "";
  let shown = "";
  for (const part of (pending === "" ? line : line.slice(0, -1)).split("\r")) {
    const written = backspaced(part);
    shown = written + shown.slice(written.length);
  }
  return shown + pending;
}

function backspaced(part: string): string {
  let result = part;
  for (let before = ""; before !== result; ) {
    before = result;
    result = result.replace(/[^\b][\b]/g, "");
  }
  return result.replace(/^[\b]+/, "");
}

/** The id by which a display is updated, if a message has one. */
export function displayId(content: JsonRecord): string | undefined {
  const id = isRecord(content.transient) ? content.transient.display_id : undefined;
  return typeof id === "string" ? id : undefined;
}

function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
