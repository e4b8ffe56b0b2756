import { printable, printableLine } from "../../base/printable";
import { measureColumns } from "../../figures/tables/measure-columns";
import { styled, type Terminal } from "../terminal/terminal";
import type { TextPrediction } from "../../evaluation/predict-texts";
import type { ReadText } from "./text-stream";

/** Format of the lines of predictions. */
export interface LineFormat {
  readonly json: boolean;
  /** Whether a text may have several labels. */
  readonly several: boolean;
  readonly topK?: number;
  readonly labels: readonly string[];
  readonly terminal: Terminal;
}

/**
 * A prediction as a line: JSON, columns with the text on a terminal, or labels and probabilities separated by tabs.
 * Except in JSON, control characters are escaped.
 */
export function predictionLine(
  prediction: TextPrediction,
  of: ReadText & { readonly index: number },
  format: LineFormat,
): string {
  const { labels, ranked, probabilities, set } = prediction;
  const { json, several, topK, terminal } = format;
  const top = topK === undefined ? undefined : ranked.slice(0, topK);
  if (json) {
    const name = of.id === undefined ? { index: of.index } : { index: of.index, id: of.id };
    const decided = several
      ? { labels }
      : labels.length === 0
        ? { label: "", score: null, set }
        : { label: labels[0], score: probabilities[labels[0]], set };
    return `${JSON.stringify({ ...name, ...decided, probabilities, top })}\n`;
  }
  const shown = top ?? labels.map((label) => ({ label, score: probabilities[label] }));
  if (terminal.out.isTTY !== true) {
    const id = of.id === undefined ? [] : [printableLine(String(of.id))];
    if (set !== undefined) {
      const [label, score] = labels.length === 0 ? ["", ""] : [labels[0], probabilities[labels[0]].toFixed(6)];
      return `${[...id, printableLine(label), score, set.map(printableLine).join(" | ")].join("\t")}\n`;
    }
    return `${[...id, ...shown.flatMap(({ label, score }) => [printableLine(label), score.toFixed(6)])].join("\t")}\n`;
  }
  const width = Math.max(...format.labels.map((label) => measureColumns(printableLine(label))));
  const padded = (label: string): string => label + " ".repeat(Math.max(0, width - measureColumns(label)));
  const head =
    shown.length === 0
      ? set === undefined
        ? padded("none") + " ".repeat(7)
        : `abstains: ${set.length === 0 ? "no label fits" : set.map(printableLine).join(" or ")}`
      : shown.map(({ label, score }) => `${padded(printableLine(label))}  ${score.toFixed(3)}`).join("  ");
  const name = of.id === undefined ? "" : `${printableLine(String(of.id))}  `;
  const room = (terminal.out.columns || 80) - measureColumns(head) - measureColumns(name) - 3;
  const cut =
    room < 8
      ? ""
      : cutAt(
          printable(
            `${of.text.slice(0, 4 * room)}${of.textPair === undefined ? "" : ` | ${of.textPair.slice(0, 4 * room)}`}`
              .replace(/\s+/g, " ")
              .trim(),
          ),
          room,
        );
  return `${styled(terminal, "bold", head)}  ${name}${styled(terminal, "dim", cut)}\n`;
}

/** Cuts a text to a number of columns. */
function cutAt(text: string, room: number): string {
  if (measureColumns(text) <= room) return text;
  let shown = "";
  for (const char of text) {
    if (measureColumns(shown + char) >= room) break;
    shown += char;
  }
  return `${shown}…`;
}
