import type { Comparison } from "./compare-evaluations";
import type { Interval } from "./intervals/interval";

/** What a comparison allows to be said, and what not, in a few sentences of Markdown. */
export function conclusions(comparison: Comparison): string {
  const [accuracy] = comparison.rows;
  const range = ({ low, high }: Interval): string => `${low.toFixed(3)} to ${high.toFixed(3)}`;
  const percent = `${Math.round(100 * accuracy.changeInterval.confidence)}%`;
  const { mcnemar, baseline, n } = comparison;
  const certain = accuracy.changeInterval.low > 0 || accuracy.changeInterval.high < 0;
  const lines = [
    `- Accuracy went from ${accuracy.before.toFixed(3)} to ${accuracy.after.toFixed(3)} on ${n} test texts. The change of ${accuracy.change >= 0 ? "+" : ""}${accuracy.change.toFixed(3)} has the ${percent} interval ${range(accuracy.changeInterval)} (McNemar's p ${formatP(mcnemar.pValue)}): ${certain ? "it is not chance." : "it may be chance."}`,
  ];
  if (accuracy.afterInterval !== null) lines.push(`- On as many other texts of this kind, the accuracy after training would be expected from ${range(accuracy.afterInterval)}, not at its third decimal.`);
  if (baseline !== null) {
    const difference = accuracy.after - baseline.accuracy;
    const beats = baseline.mcnemar.pValue < 0.05;
    lines.push(`- Against TF-IDF with logistic regression (${baseline.accuracy.toFixed(3)}) the difference is ${difference >= 0 ? "+" : ""}${difference.toFixed(3)}, McNemar's p ${formatP(baseline.mcnemar.pValue)}: ${beats ? `on these texts the trained model is ${difference > 0 ? "better" : "worse"}.` : "on so few texts the two cannot be told apart."}`);
  }
  lines.push(
    "- The published figures are of another model, trained whole for one epoch, with a prediction that read one text for every row; that 0.565 is not this run's yardstick.",
    "- One seed and one split were run. How much another seed would change is not known from this table.",
    "- The two classes are abstracts that a search sorted; the figures say nothing about patients, nor about texts of another kind.",
  );
  return lines.join("\n");
}

function formatP(p: number): string {
  return p < 0.001 ? "below 0.001" : p.toFixed(3);
}
