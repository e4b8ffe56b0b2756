import { isRecord, type JsonRecord } from "../../base/json";
import { joinLines } from "../format/join-lines";
import {
  isJsonMime,
  type DisplayOutput,
  type ErrorOutput,
  type MimeBundle,
  type Output,
  type StreamOutput,
} from "../format/notebook-types";
import type { OutputMessage } from "../jupyter/wire";
import { StreamText } from "./stream-text";

interface OpenStream {
  readonly name: StreamOutput["name"];
  readonly text: StreamText;
}

/** Whether an item is a stream whose text may still grow. */
function isOpenStream(item: Output | OpenStream): item is OpenStream {
  return "text" in item && item.text instanceof StreamText;
}

/**
 * The outputs of one cell while it runs. Takes iopub messages one by one, each in time linear in the message. Joins
 * consecutive streams of one name; see {@link StreamText} for carriage returns and backspaces.
 */
export class CellOutputs {
  #items: (Output | OpenStream)[] = [];
  #clearFirst = false; // after a `clear_output` with `wait`: the next output replaces all
  #displays = new Map<string, number[]>(); // by display id: indices in #items
  #lastError: ErrorOutput | undefined;
  #cached: readonly Output[] | undefined = [];
  #size = 0; // of all items except an open stream at the end

  /** The outputs so far; the same list until one changes. A stream of many millions of characters is in pieces. */
  get outputs(): readonly Output[] {
    return (this.#cached ??= this.#items.flatMap((item) => (isOpenStream(item) ? streamOutputs(item) : [item])));
  }

  /** The approximate number of characters of the streams and displays so far; 0 if the next output replaces them. */
  get size(): number {
    if (this.#clearFirst) return 0;
    const last = this.#items.at(-1);
    return this.#size + (last !== undefined && isOpenStream(last) ? last.text.length : 0);
  }

  /** The last error among the outputs. */
  get lastError(): ErrorOutput | undefined {
    return this.#lastError;
  }

  /** Adds a message. Returns whether it changed the outputs; messages of other types do not. */
  add({ type, content }: OutputMessage): boolean {
    if (type === "clear_output") {
      if (content.wait === true) this.#clearFirst = true;
      else this.#clear();
      return content.wait !== true;
    }
    if (type === "stream") {
      const added = text(content.text);
      if (added === "") return false;
      this.#beforeOutput();
      this.#stream(content.name === "stderr" ? "stderr" : "stdout", added);
      return true;
    }
    const output = toOutput(type, content);
    if (output === undefined) return false;
    this.#beforeOutput();
    const id = displayId(content);
    if (id !== undefined && output.output_type !== "error") this.#placesOf(id).push(this.#items.length);
    if (output.output_type === "error") this.#lastError = output;
    this.#closeStream();
    this.#size += "data" in output ? lengthOf(output.data) : 0;
    this.#items.push(output);
    return true;
  }

  /** Updates every output with the message's `display_id`. Returns false if there is none. */
  updateDisplay(content: JsonRecord): boolean {
    const shown = { data: bundle(content.data), metadata: record(content.metadata) };
    const places = this.#displays.get(displayId(content) ?? "") ?? [];
    for (const at of places) this.#items[at] = { ...(this.#items[at] as DisplayOutput), ...shown };
    if (places.length > 0) this.#cached = undefined;
    return places.length > 0;
  }

  #placesOf(id: string): number[] {
    const places = this.#displays.get(id) ?? [];
    this.#displays.set(id, places);
    return places;
  }

  #stream(name: StreamOutput["name"], added: string): void {
    const last = this.#items.at(-1);
    if (last !== undefined && isOpenStream(last) && last.name === name) return last.text.append(added);
    const stream = { name, text: new StreamText() };
    stream.text.append(added);
    this.#closeStream();
    this.#items.push(stream);
  }

  /** Closes the last stream and counts its size. */
  #closeStream(): void {
    this.#size = this.size;
  }

  #beforeOutput(): void {
    this.#cached = undefined;
    if (this.#clearFirst) this.#clear();
  }

  #clear(): void {
    this.#items = [];
    this.#clearFirst = false;
    this.#displays = new Map();
    this.#lastError = undefined;
    this.#cached = undefined;
    this.#size = 0;
  }
}

/** The characters in a value, without its keys. */
export function lengthOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  return Object.values(value).reduce((sum: number, item) => sum + lengthOf(item), 2);
}

function streamOutputs({ name, text }: OpenStream): StreamOutput[] {
  const pieces = text.pieces();
  if (pieces.length === 0) return [{ output_type: "stream", name, text: "" }];
  return pieces.map((piece, at) => ({ output_type: "stream", name, text: piece, ...(at > 0 && { continued: true }) }));
}

/** A display, a result or an error as an output; undefined for a message of another type. */
export function toOutput(type: string, content: JsonRecord): Output | undefined {
  if (type === "error") {
    const traceback = Array.isArray(content.traceback) ? content.traceback.map(text) : [];
    return { output_type: "error", ename: text(content.ename), evalue: text(content.evalue), traceback };
  }
  const id = displayId(content);
  const shown = {
    data: bundle(content.data),
    metadata: record(content.metadata),
    ...(id !== undefined && { transient: { display_id: id } }),
  };
  if (type === "display_data") return { output_type: "display_data", ...shown } satisfies DisplayOutput;
  if (type === "execute_result")
    return {
      output_type: "execute_result",
      execution_count: typeof content.execution_count === "number" ? content.execution_count : null,
      ...shown,
    };
  return undefined;
}

/** The id with which a display is updated, if a message has one. */
export function displayId(content: JsonRecord): string | undefined {
  const id = isRecord(content.transient) ? content.transient.display_id : undefined;
  return typeof id === "string" ? id : undefined;
}

/**
 * A bundle as the format holds it: any JSON for JSON's types, a text for every other type. With another value the
 * notebook could not be saved.
 */
function bundle(value: unknown): MimeBundle {
  return Object.fromEntries(
    Object.entries(record(value))
      .filter(([mime, item]) => isJsonMime(mime) || (item !== null && item !== undefined))
      .map(([mime, item]) => [mime, isJsonMime(mime) ? item : bundleText(item)]),
  );
}

function bundleText(item: unknown): string {
  const whole = joinLines(item);
  return typeof whole === "string" ? whole : JSON.stringify(whole);
}

function record(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
