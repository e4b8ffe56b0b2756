import { styled, type Terminal } from "../terminal";
import type { TextPrediction } from "./predict-texts";
import type { ReadText } from "./text-stream";

/** How predictions are written. */
export interface LineFormat {
  readonly json: boolean;
  /** Whether a text may have several labels. */
  readonly several: boolean;
  readonly topK?: number;
  readonly labels: readonly string[];
  readonly terminal: Terminal;
}

/** A prediction as a line: JSON, columns with the text on a terminal, or labels and probabilities parted by tabs. */
export function predictionLine(prediction: TextPrediction, of: ReadText & { readonly index: number }, format: LineFormat): string {
  const { labels, ranked, probabilities } = prediction;
  const { json, several, topK, terminal } = format;
  const top = topK === undefined ? undefined : ranked.slice(0, topK);
  if (json) {
    const name = of.id === undefined ? { index: of.index } : { index: of.index, id: of.id };
    const decided = several ? { labels } : { label: labels[0], score: probabilities[labels[0]] };
    return `${JSON.stringify({ ...name, ...decided, probabilities, ...(top === undefined ? {} : { top }) })}\n`;
  }
  const shown = top ?? labels.map((label) => ({ label, score: probabilities[label] }));
  if (terminal.out.isTTY !== true) {
    const id = of.id === undefined ? [] : [String(of.id)];
    return `${[...id, ...shown.flatMap(({ label, score }) => [label, score.toFixed(6)])].join("\t")}\n`;
  }
  const width = Math.max(...format.labels.map(({ length }) => length));
  const head = shown.length === 0 ? "none".padEnd(width + 7) : shown.map(({ label, score }) => `${label.padEnd(width)}  ${score.toFixed(3)}`).join("  ");
  const name = of.id === undefined ? "" : `${of.id}  `;
  const room = (terminal.out.columns || 80) - head.length - name.length - 3;
  const text = of.text.replace(/\s+/g, " ").trim();
  const cut = room < 8 ? "" : text.length > room ? `${text.slice(0, room - 1)}…` : text;
  return `${styled(terminal, "bold", head)}  ${name}${styled(terminal, "dim", cut)}\n`;
}
