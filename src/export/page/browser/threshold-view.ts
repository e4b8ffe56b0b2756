/// <reference lib="dom" />
import type { PageFacts, TestScores } from "../page-facts";
import { byId, percent } from "./dom";
import { atThreshold } from "./threshold";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [300, 90];

/** The threshold slider with precision and recall on the test texts. Returns the function that reads the threshold. */
export function thresholdSlider({ threshold, labels }: PageFacts, onChange: () => void): () => number {
  const panel = byId("threshold-panel", HTMLElement);
  if (threshold.kind === "none") {
    const reason = byId("threshold-reason", HTMLElement);
    reason.textContent = `There is no threshold to move: ${threshold.reason}.`;
    reason.hidden = false;
    byId("threshold-controls", HTMLElement).hidden = true;
    panel.hidden = false;
    return () => 0.5;
  }
  panel.hidden = false;
  const slider = byId("threshold", HTMLInputElement);
  const { test } = threshold;
  byId("threshold-name", HTMLElement).textContent = `Least probability of ${labels[1]}`;
  const curves = drawCurves(test);
  const show = (): void => {
    const value = Number(slider.value);
    const { precision, recall, found, positives } = atThreshold(test, value);
    byId("threshold-value", HTMLElement).textContent = value.toFixed(2);
    slider.setAttribute(
      "aria-valuetext",
      `${value.toFixed(2)}, precision ${shown(precision)}, recall ${shown(recall)}`,
    );
    byId("precision", HTMLElement).textContent = shown(precision);
    byId("recall", HTMLElement).textContent = shown(recall);
    byId("threshold-note", HTMLElement).textContent =
      `${labels[1]} is predicted where its probability is at least ${value.toFixed(2)}: ${found} of the run's ` +
      `${test.scores.length} test texts, of which ${positives} have the label. Measured when the classifier was ` +
      "trained, with 32-bit weights.";
    curves.move(value);
  };
  slider.addEventListener("input", () => {
    show();
    onChange();
  });
  show();
  return () => Number(slider.value);
}

function shown(share: number | undefined): string {
  return share === undefined ? "undefined" : percent(share);
}

/** Precision and recall over all thresholds, with a line at the chosen one. */
function drawCurves(test: TestScores): { move: (threshold: number) => void } {
  const svg = byId("curves", HTMLElement).appendChild(document.createElementNS(SVG, "svg"));
  svg.setAttribute("viewBox", `-2 -4 ${WIDTH + 4} ${HEIGHT + 8}`);
  svg.setAttribute("aria-hidden", "true");
  const line = (kind: string): Element => {
    const path = svg.appendChild(document.createElementNS(SVG, "path"));
    path.setAttribute("class", kind);
    return path;
  };
  line("frame").setAttribute("d", `M0 0V${HEIGHT}H${WIDTH}`);
  const steps = Array.from({ length: 101 }, (_, i) => ({ x: (i / 100) * WIDTH, ...atThreshold(test, i / 100) }));
  for (const kind of ["precision", "recall"] as const) {
    const points = steps.flatMap(({ x, [kind]: y }) => (y === undefined ? [] : [`${x} ${(1 - y) * HEIGHT}`]));
    line(kind).setAttribute("d", `M${points.join("L")}`);
  }
  const chosen = line("chosen");
  return { move: (threshold) => chosen.setAttribute("d", `M${threshold * WIDTH} 0V${HEIGHT}`) };
}
