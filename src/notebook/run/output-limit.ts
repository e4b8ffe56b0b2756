import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { basename } from "node:path";

import { faultText } from "../../base/files/file-fault";
import { startOf } from "../../base/start-of";
import type { OutputMessage } from "../jupyter/wire";
import { lengthOf } from "./output-reducer";

/** Characters of output that a cell keeps in its notebook. */
export const OUTPUT_LIMIT = 100_000_000;

/** Characters of an error that are always kept, since it explains the failure. */
const ERROR_ROOM = 100_000;

/** The limit of a cell, and the files for output over it. */
export interface OutputLimitOptions {
  /** Characters of output that are kept in the notebook. */
  readonly limit: number;
  /** Path of the files for the rest, without the extension; undefined if the notebook is not saved. */
  readonly restPath: string | undefined;
  /** The notebook's own file; the files for the rest get its permissions. */
  readonly outputPath: string | undefined;
}

/** A message after the limit was applied: kept, cut or left out. */
export interface LimitedOutput {
  /** The messages to take in its place. */
  readonly messages: readonly OutputMessage[];
  /** The notice that is given once, when the limit is reached for the first time. */
  readonly note?: string;
}

/**
 * Keeps a cell's outputs up to the limit and writes the rest to files: streams as text, displays and errors as lines of
 * JSON.
 */
export class OutputLimit {
  readonly #options: OutputLimitOptions;
  readonly #files = new Map<string, number | undefined>(); // descriptors by path; undefined for one that failed
  #reached = false;
  #isNoted = false;

  constructor(options: OutputLimitOptions) {
    this.#options = options;
  }

  /** The files that hold the rest. */
  get rest(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** @param size - the characters of output that the cell has so far */
  take(message: OutputMessage, size: number): LimitedOutput {
    if (message.type === "clear_output") this.#reached = false; // the notice is cleared too
    const own = sizeOf(message);
    if (own === 0 || (!this.#reached && own <= this.#options.limit - size)) return { messages: [message] };
    // replaces an earlier display
    if (message.type === "update_display_data" && own <= this.#options.limit) return { messages: [message] };
    const [kept, rest] = cut(message, this.#reached ? 0 : Math.max(0, this.#options.limit - size));
    const place = this.#write(rest);
    if (this.#reached) return { messages: kept };
    this.#reached = true;
    const note = `its outputs are over the limit of ${megabytes(this.#options.limit)}; ${place}`;
    const shown = {
      type: "stream",
      content: { name: "stderr", text: `\n[tslora] The cell's outputs end here: ${note}\n` },
    };
    const isNoted = this.#isNoted;
    this.#isNoted = true;
    return {
      messages: [...kept.filter(({ type }) => type !== "error"), shown, ...kept.filter(({ type }) => type === "error")],
      ...(!isNoted && { note }),
    };
  }

  /** Closes the files. */
  close(): void {
    for (const file of this.#files.values()) if (file !== undefined) closeSync(file);
    for (const path of this.#files.keys()) this.#files.set(path, undefined);
  }

  /** Writes the rest to a file. Returns a phrase that says where it is. */
  #write({ type, content }: OutputMessage): string {
    const { restPath, outputPath } = this.#options;
    if (restPath === undefined) return "the rest is not kept, since the notebook is not saved";
    const stream = type === "stream";
    const path = `${restPath}.${stream ? (content.name === "stderr" ? "stderr.txt" : "stdout.txt") : "outputs.jsonl"}`;
    const where = `the rest is in ${basename(path)}`;
    try {
      if (!this.#files.has(path)) this.#files.set(path, openSync(path, "w", modeOf(outputPath)));
      const file = this.#files.get(path);
      if (file === undefined) return where;
      const text = stream ? content.text : `${JSON.stringify({ output_type: type, ...content })}\n`;
      if (typeof text === "string") writeAll(file, text);
      return where;
    } catch (error) {
      const file = this.#files.get(path);
      this.#files.set(path, undefined);
      if (file !== undefined) closeSync(file);
      return `the rest is lost: ${basename(path)} could not be written, ${faultText(error)}`;
    }
  }
}

/** The characters of a message that an output keeps; 0 for a message that is no output. */
function sizeOf({ type, content }: OutputMessage): number {
  if (type === "stream") return typeof content.text === "string" ? content.text.length : 0;
  if (type === "error") return JSON.stringify([content.ename, content.evalue, content.traceback]).length;
  return ["display_data", "execute_result", "update_display_data"].includes(type) ? lengthOf(content.data) : 0;
}

/** Cuts a message into the part that fits, and the rest. */
function cut(message: OutputMessage, room: number): [kept: readonly OutputMessage[], rest: OutputMessage] {
  const { type, content } = message;
  if (type === "stream" && typeof content.text === "string") {
    const head = startOf(content.text, room);
    return [
      head === "" ? [] : [{ type, content: { ...content, text: head } }],
      { type, content: { ...content, text: content.text.slice(head.length) } },
    ];
  }
  if (type !== "error") return [[], message];
  const short = (value: unknown): unknown =>
    typeof value === "string" && value.length > ERROR_ROOM ? `${startOf(value, ERROR_ROOM)}…` : value;
  const traceback = Array.isArray(content.traceback) ? content.traceback.slice(0, 20).map(short) : [];
  return [
    [{ type, content: { ...content, ename: short(content.ename), evalue: short(content.evalue), traceback } }],
    message,
  ];
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

function modeOf(path: string | undefined): number {
  try {
    return path === undefined ? 0o666 : statSync(path).mode & 0o666;
  } catch {
    return 0o666; // not saved yet
  }
}

function megabytes(characters: number): string {
  return characters >= 1e6
    ? `${Number((characters / 1e6).toFixed(1))} MB`
    : characters >= 1000
      ? `${Number((characters / 1000).toFixed(1))} kB`
      : `${characters} characters`;
}
