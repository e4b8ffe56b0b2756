import { printableLine } from "../../base/printable";
import { measureColumns } from "../../figures/tables/measure-columns";
import { ownSequence } from "./own-sequences";

/** The streams that a command writes to: a terminal, or a file or pipe for plain lines. */
export interface Terminal {
  readonly out: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  /** Standard input, for commands that read it. */
  readonly input?: () => NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Whether to use colours. */
  readonly color: boolean;
  /** Whether a line of `out` may be redrawn. */
  readonly live: boolean;
  /** Whether a line of `err` may be redrawn. */
  readonly liveErr?: boolean;
}

/** This process's terminal; NO_COLOR and CI are respected. */
export function processTerminal(): Terminal {
  const moves = process.env.TERM !== "dumb";
  const tty = process.stdout.isTTY && moves;
  const patient = (process.env.CI ?? "") === "";
  return {
    out: process.stdout,
    err: process.stderr,
    input: () => process.stdin,
    color: tty && (process.env.NO_COLOR ?? "") === "",
    live: tty && patient,
    liveErr: process.stderr.isTTY && moves && patient,
  };
}

/** The width of the help: the terminal's, up to a limit. */
export function helpWidth({ out }: Terminal): number {
  return Math.min(out.columns || 80, 120);
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** A text in a style, if the terminal shows styles. */
export function styled(terminal: Terminal, style: keyof typeof CODES, text: string): string {
  return terminal.color ? `${ownSequence(`${CODES[style]}m`)}${text}${ownSequence("0m")}` : text;
}

/** Formats milliseconds: 0.4 s, 12.0 s, 3:05 min, 1:02:03 h. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)} min`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)} h`;
}

/**
 * Aligns columns: the first (or the first `left`) to the left, the others to the right. Escapes control characters in
 * cells; widths are those on a terminal.
 */
export function table(rows: readonly (readonly string[])[], { left = 1 }: { left?: number } = {}): string[] {
  const cells = rows.map((row) => row.map(printableLine));
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => measureColumns(row[column] ?? ""))),
  );
  const pad = (text: string, column: number): string => " ".repeat(Math.max(0, widths[column] - measureColumns(text)));
  return cells.map((row) =>
    row
      .map((text, column) => (column < left ? text + pad(text, column) : pad(text, column) + text))
      .join("  ")
      .trimEnd(),
  );
}
