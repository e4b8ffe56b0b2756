import { basename } from "node:path";

import { printableLine } from "../../base/printable";
import { stripAnsi } from "../../notebook/page/ansi";
import type { CellReport, RunEvent } from "../../notebook/run/run-events";
import { firstLine } from "../../notebook/run/run-reports";
import { fitOneLine, fitText, widthOf } from "../terminal/fit-text";
import { displayText } from "../terminal/output-text";
import { ERASE_LINE, styledOutput } from "../terminal/own-sequences";
import { duration, styled, type Terminal } from "../terminal/terminal";

/** Options of showing a run. */
export interface RunViewOptions {
  readonly terminal: Terminal;
  /** Whether only failures and the end are shown. */
  readonly quiet: boolean;
  /** The notebook's name in lines. @default the file's name */
  readonly name?: string;
}

const REDRAW_MS = 250;
/** Milliseconds between redraws of the live line. */
const DRAWN_APART_MS = 20;
/** The live line shows at most this many parts and characters from the end of a long line. */
const SHOWN_PARTS = 500;
const SHOWN_CHARS = 20_000;

/** In a log, a display that changes in place gives a line at most once in so many milliseconds. */
const UPDATE_EVERY_MS = 15_000;

/**
 * Shows a run while it executes. Outputs are printed as they arrive. A terminal has a live line below them with the
 * notebook, the cell, the time and the cell's progress; a log gets one plain line for each cell's start and end.
 */
export class RunView {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  readonly #name: string;
  readonly #start = performance.now();
  #cell: { readonly at: string; readonly code: string; readonly start: number } | undefined;
  // Output after the last line end. The live line shows it; it is printed once the line is complete.
  #unfinished: string[] = [];
  #streamDrawn = -Infinity;
  #unfinishedStyle: "stdout" | "stderr" = "stdout";
  #updateShown = -Infinity;
  #lastUpdate = "";
  #liveShown = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, { terminal, quiet, name = basename(path, ".ipynb") }: RunViewOptions) {
    this.#terminal = terminal;
    this.#quiet = quiet;
    this.#name = printableLine(name);
    if (terminal.live && !quiet) this.#timer = setInterval(() => this.#drawLive(), REDRAW_MS);
  }

  show(event: RunEvent): void {
    const note = noteOf(event);
    if (note !== undefined) {
      this.#eraseLive();
      this.#terminal.err.write(
        `${fitText(styled(this.#terminal, "yellow", `${this.#name}: ${note}`), widthOf(this.#terminal.err))}\n`,
      );
    }
    switch (event.event) {
      case "kernel-starting":
        if (!this.#terminal.live) this.#line(`${this.#name}: starting the kernel ${event.kernel}`);
        return;
      case "cell-start": {
        const at = `${event.number}/${event.total}`;
        this.#lastUpdate = "";
        this.#cell = { at, code: printableLine(firstLine(event.cell.source)), start: performance.now() };
        if (!this.#terminal.live) this.#line(styled(this.#terminal, "dim", `[${this.#name} ${at}] ${this.#cell.code}`));
        this.#drawLive();
        return;
      }
      case "output":
        return this.#output(event.message.type, event.message.content);
      case "cell-end":
        return this.#cellEnd(event.report);
      case "cell-failed-late":
        return this.#failure(event.report, true);
      default:
        return;
    }
  }

  /** Ends the live line; nothing is shown afterwards. */
  close(): void {
    this.#finishLine();
    this.#eraseLive();
    clearInterval(this.#timer);
    this.#cell = undefined;
  }

  #output(type: string, content: Readonly<Record<string, unknown>>): void {
    if (this.#quiet) return;
    if (type === "stream" && typeof content.text === "string")
      return this.#stream(content.name === "stderr" ? "stderr" : "stdout", content.text);
    if (type === "display_data" || type === "execute_result") {
      this.#finishLine();
      const text = displayText(content);
      return text === "" ? undefined : this.#line(styledOutput(text, this.#terminal));
    }
    if (type === "update_display_data")
      this.#update(
        displayText(content)
          .split("\n")
          .find((line) => line.trim() !== "") ?? "",
      );
  }

  /** Shows a display that changes in place: on a terminal in the live line, in a log new lines from time to time. */
  #update(text: string): void {
    if (text === "" || text.startsWith("[figure]")) return;
    if (this.#terminal.live) return this.#drawLive(text);
    const now = performance.now();
    if (text === this.#lastUpdate || now - this.#updateShown < UPDATE_EVERY_MS) return;
    this.#updateShown = now;
    this.#lastUpdate = text;
    this.#finishLine();
    this.#line(styledOutput(text, this.#terminal));
  }

  #stream(name: "stdout" | "stderr", text: string): void {
    if (name !== this.#unfinishedStyle) this.#finishLine();
    this.#unfinishedStyle = name;
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#unfinished.push(line);
      this.#printUnfinished(true);
    }
    if (rest !== "") this.#unfinished.push(rest);
    const now = performance.now();
    if (now - this.#streamDrawn < DRAWN_APART_MS) return;
    this.#streamDrawn = now;
    this.#drawLive();
  }

  #finishLine(): void {
    this.#printUnfinished(false);
  }

  /** Prints the unfinished line in its last state: text before a carriage return is overwritten. */
  #printUnfinished(blank: boolean): void {
    const line = lastState(this.#unfinished.length === 1 ? this.#unfinished[0] : this.#unfinished.join(""));
    this.#unfinished = [];
    if (line !== "" || blank) this.#line(this.#inStyle(line));
  }

  #inStyle(line: string): string {
    const shown = styledOutput(line, this.#terminal);
    return this.#unfinishedStyle === "stderr" ? styled(this.#terminal, "dim", shown) : shown;
  }

  #cellEnd(report: CellReport): void {
    this.#finishLine();
    const { outcome } = report;
    const at = `${report.number}/${report.total}`;
    if (outcome.status === "skipped") {
      if (outcome.reason === "tag")
        this.#line(styled(this.#terminal, "dim", `[${this.#name} ${at}] skipped (skip-execution)`));
      return;
    }
    if (outcome.status === "ok") {
      if (!this.#terminal.live)
        this.#line(styled(this.#terminal, "dim", `[${this.#name} ${at}] ok ${duration(report.elapsedMs)}`));
      return;
    }
    this.#failure(report, false);
  }

  #failure(report: CellReport, isLate: boolean): void {
    this.#finishLine();
    this.#eraseLive();
    const lines = failureLines(report, { name: this.#name, terminal: this.#terminal, isLate });
    this.#terminal.err.write(`${fitText(lines.join("\n"), widthOf(this.#terminal.err))}\n`);
  }

  #line(text: string): void {
    if (this.#quiet) return;
    this.#eraseLive();
    this.#terminal.out.write(`${fitText(text, widthOf(this.#terminal.out))}\n`);
    this.#drawLive();
  }

  /** @param update - a display that changes in place */
  #drawLive(update?: string): void {
    if (!this.#terminal.live || this.#quiet || this.#cell === undefined) return;
    const { at, code, start } = this.#cell;
    const now = performance.now();
    const shown = lastState(stripAnsi(update ?? this.#unfinished.slice(-SHOWN_PARTS).join("").slice(-SHOWN_CHARS)));
    const doing = shown === "" ? code : shown;
    const text = `${this.#name}  cell ${at}  ${duration(now - start)} (${duration(now - this.#start)})  ${doing}`;
    const width = (this.#terminal.out.columns || 80) - 1; // 0 where the width is not known
    this.#terminal.out.write(`${ERASE_LINE}${styled(this.#terminal, "bold", fitOneLine(text, width))}`);
    this.#liveShown = true;
  }

  #eraseLive(): void {
    if (this.#liveShown) this.#terminal.out.write(ERASE_LINE);
    this.#liveShown = false;
  }
}

/** The message of an event for the user; undefined for most events. */
export function noteOf(event: RunEvent): string | undefined {
  if (event.event === "note") return event.text;
  return event.event === "not-saved" ? `not saved (${event.error.message}); it is tried again` : undefined;
}

/** Options of showing a failed cell. */
export interface FailureOptions {
  /** The notebook's name. */
  readonly name: string;
  readonly terminal: Terminal;
  /** Whether the error came after the cell's end. @default false */
  readonly isLate?: boolean;
}

/** A failed cell as lines of text: its place, its error and the stack. */
export function failureLines(report: CellReport, { name, terminal, isLate = false }: FailureOptions): string[] {
  if (!("error" in report.outcome)) return [];
  const { ename, evalue, traceback } = report.outcome.error;
  const error = `${ename}: ${evalue}`;
  const place = `${name}, cell ${report.number} of ${report.total}${isLate ? ", after its end" : ""}`;
  const head = `${place}: ${stripAnsi(error)}`;
  const whole = traceback.join("\n");
  const rest = whole.startsWith(error) ? whole.slice(error.length).replace(/^\n/, "") : whole;
  const lines = (rest === "" ? [] : rest.split("\n")).map((line) => `  ${styledOutput(line, terminal)}`);
  return [styled(terminal, "red", head), ...lines];
}

/** The part of a line after its last carriage return, ignoring those at its end. */
export function lastState(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === "\r") end--;
  return line.slice(line.lastIndexOf("\r", end - 1) + 1, end);
}

/** The last line of a text that is not blank; only the end of a long text is searched. */
export function lastLine(text: string): string | undefined {
  return stripAnsi(text.slice(-SHOWN_CHARS))
    .split(/[\r\n]/)
    .findLast((part) => part.trim() !== "");
}
