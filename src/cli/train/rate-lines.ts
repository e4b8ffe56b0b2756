import type { LearningRatePoint, LearningRateTest } from "../../training/range-test/learning-rate-test";
import { styled, type Terminal } from "../terminal/terminal";

const ROWS = 20;
const WIDTH = 80;
const MARK = "  <- suggested";
const HIGHEST = 2; // times the first smoothed loss, as in the figure

/**
 * A range test as a table of at most 20 rates with the loss, the smoothed loss and a bar of its height, at most 80
 * columns wide. The row of the suggestion is marked.
 */
export function rateLines({ points, suggestion }: LearningRateTest, terminal: Terminal): string[] {
  if (points.length === 0) return [];
  const suggested = suggestion.kind === "found" ? suggestion.step : undefined;
  const rows = shownPoints(points, suggested);
  const cells = rows.map(({ learningRate, loss, smoothedLoss }) => [
    learningRate.toExponential(1),
    loss.toFixed(4),
    smoothedLoss.toFixed(4),
  ]);
  const head = ["rate", "loss", "smoothed"];
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => row[column].length)));
  const line = (row: readonly string[]): string => row.map((cell, i) => cell.padStart(widths[i])).join("  ");
  const columns = Math.min(WIDTH, terminal.out.columns || WIDTH) - 1;
  const room = Math.max(1, columns - line(head).length - 2 - MARK.length);
  const losses = rows.map(({ smoothedLoss }) => smoothedLoss);
  const top = Math.min(Math.max(...losses), HIGHEST * points[0].smoothedLoss);
  return [
    line(head),
    ...rows.map(({ step, smoothedLoss }, i) => {
      const length = Math.min(room, Math.round((room * smoothedLoss) / (top || 1)));
      const isCut = smoothedLoss > top;
      const bar = `${"█".repeat(isCut ? room - 1 : length)}${isCut ? ">" : ""}`;
      const text = `${line(cells[i])}  ${bar}`;
      return step === suggested ? styled(terminal, "bold", `${text}${MARK}`) : text;
    }),
  ];
}

/** At most {@link ROWS} points at equal distances, among them the first, the last and the suggested one. */
function shownPoints(points: readonly LearningRatePoint[], suggested: number | undefined): LearningRatePoint[] {
  const rows = Math.min(ROWS, points.length);
  const shown = Array.from({ length: rows }, (_, i) => points[Math.round((i * (points.length - 1)) / (rows - 1 || 1))]);
  const wanted = points.find(({ step }) => step === suggested);
  if (wanted === undefined || shown.includes(wanted)) return shown;
  const nearest = shown.reduce(
    (best, { step }, i) => (Math.abs(step - wanted.step) < Math.abs(shown[best].step - wanted.step) ? i : best),
    0,
  );
  return shown.map((point, i) => (i === nearest ? wanted : point));
}
