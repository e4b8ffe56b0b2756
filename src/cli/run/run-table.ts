import type { RunEvent } from "../../notebook/run/run-events";
import { firstLine } from "../../notebook/run/run-reports";
import { failureLines, lastLine, noteOf } from "./run-view";
import { fitOneLine } from "../terminal/fit-text";
import { ERASE_LINE, ownSequence } from "../terminal/own-sequences";
import { duration, styled, type Terminal } from "../terminal/terminal";

const REDRAW_MS = 250;

interface Row {
  readonly name: string;
  readonly start: number;
  cell: string;
  doing: string;
}

/**
 * Shows several runs at once. On a terminal, a table of the running notebooks is redrawn in place; above it is a line
 * for each notebook that ended. A log gets a line for each start and end. Failures are shown. Outputs are not shown:
 * they are in the executed notebooks.
 */
export class RunTable {
  readonly #terminal: Terminal;
  readonly #quiet: boolean;
  readonly #total: number;
  readonly #rows = new Map<string, Row>(); // running notebooks, by name
  #ended = 0;
  #failed = 0;
  #drawn = 0; // lines of the table on the screen
  readonly #timer: NodeJS.Timeout | undefined;

  /** @param total - number of notebooks */
  constructor({ terminal, quiet, total }: { terminal: Terminal; quiet: boolean; total: number }) {
    this.#terminal = terminal;
    this.#quiet = quiet;
    this.#total = total;
    if (terminal.live && !quiet) this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  show(name: string, event: RunEvent): void {
    const row = this.#rows.get(name) ?? { name, start: performance.now(), cell: "", doing: "" };
    this.#rows.set(name, row);
    const note = noteOf(event);
    if (note !== undefined) this.#print(`${name}: ${note}`, "err");
    switch (event.event) {
      case "kernel-starting":
        row.doing = `starting the kernel ${event.kernel}`;
        if (!this.#terminal.live && !this.#quiet) this.#print(`${name}: ${row.doing}`);
        return;
      case "cell-start":
        row.cell = `${event.number}/${event.total}`;
        row.doing = firstLine(event.cell.source);
        return;
      case "output": {
        const { content, type } = event.message;
        const line = type === "stream" && typeof content.text === "string" ? lastLine(content.text) : undefined;
        if (line !== undefined) row.doing = line;
        return;
      }
      case "cell-end":
      case "cell-failed-late": {
        const isLate = event.event === "cell-failed-late";
        if ("error" in event.report.outcome)
          this.#print(failureLines(event.report, { name, terminal: this.#terminal, isLate }).join("\n"), "err");
        return;
      }
      case "end": {
        const { status, cells, elapsedMs } = event.summary;
        const done = cells.filter(({ outcome }) => outcome.status === "ok").length;
        if (!this.#quiet)
          this.#print(
            styled(
              this.#terminal,
              status === "ok" ? "green" : "red",
              `${status.padEnd(7)}  ${name}: ${done}/${cells.length} cells, ${duration(elapsedMs)}`,
            ),
          );
        return;
      }
      default:
        return;
    }
  }

  /** Shows the end of a notebook's run. */
  end(name: string, ok: boolean): void {
    this.#rows.delete(name);
    this.#ended++;
    if (!ok) this.#failed++;
    this.#draw();
  }

  /** Removes the table; nothing is shown afterwards. */
  close(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #print(text: string, to: "out" | "err" = "out"): void {
    this.#erase();
    this.#terminal[to].write(`${text}\n`);
    this.#draw();
  }

  #draw(): void {
    if (this.#timer === undefined) return;
    this.#erase();
    const width = (this.#terminal.out.columns || 80) - 1;
    const now = performance.now();
    const rows = [...this.#rows.values()];
    const names = Math.min(32, Math.max(0, ...rows.map(({ name }) => name.length)));
    const lines = rows.map(({ name, cell, start, doing }) =>
      fitOneLine(
        `${name.slice(0, names).padEnd(names)}  ${cell.padStart(7)}  ${duration(now - start).padStart(8)}  ${doing}`,
        width,
      ),
    );
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} failed`;
    const counts = `${this.#ended} of ${this.#total} done${failed}, ${rows.length} running`;
    lines.push(styled(this.#terminal, "bold", fitOneLine(counts, width)));
    this.#terminal.out.write(lines.join("\n"));
    this.#drawn = lines.length;
  }

  #erase(): void {
    if (this.#drawn === 0) return;
    this.#terminal.out.write(ERASE_LINE + (ownSequence("1A") + ownSequence("2K")).repeat(this.#drawn - 1));
    this.#drawn = 0;
  }
}
