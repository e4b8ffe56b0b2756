import type { ChangeJudgement } from "./judge-change";

/** A step that was tried, and its effect. */
export interface TriedStep {
  /** The step and its data, e.g. "Loss weighted by class, one in ten positive". */
  readonly step: string;
  readonly judgement: ChangeJudgement;
}

/**
 * Conclusions about the steps that were tried: the change, interval and test of each, then how many of them help.
 *
 * @returns Markdown
 */
export function nextStepConclusions(steps: readonly TriedStep[]): string {
  const having = (verdict: ChangeJudgement["verdict"]): TriedStep[] =>
    steps.filter(({ judgement }) => judgement.verdict === verdict);
  const [better, worse, undecided] = [having("better"), having("worse"), having("undecided")];
  const lines = steps.map(({ step, judgement }) => `- **${step}.** ${judgement.text}`);
  const parts = [shownBetter(better, steps.length), shownWorse(worse), leftOpen(undecided, steps.length)];
  lines.push(
    `- **In short:** ${parts.filter((part) => part !== "").join("; ")}.`,
    `- ${steps.length} comparisons at the ${percentOf(steps)} level: of steps without any effect, about one in ` +
      `${chanceOf(steps)} would still be called a change. One seed and one split were run.`,
  );
  return lines.join("\n");
}

const areOf = (list: readonly TriedStep[]): string => (list.length === 1 ? "is" : "are");
const namesOf = (list: readonly TriedStep[]): string => list.map(({ step }) => step).join("; ");

function shownBetter(better: readonly TriedStep[], tried: number): string {
  if (better.length === 0) return `of ${tried} steps tried, none is shown to be better`;
  return `${better.length} of ${tried} steps tried ${areOf(better)} better on these texts (${namesOf(better)})`;
}

function shownWorse(worse: readonly TriedStep[]): string {
  return worse.length === 0 ? "" : `${worse.length} ${areOf(worse)} worse (${namesOf(worse)})`;
}

function leftOpen(undecided: readonly TriedStep[], tried: number): string {
  if (undecided.length === 0) return "";
  const which = undecided.length === tried ? "all of them are" : `the other ${undecided.length} ${areOf(undecided)}`;
  return `${which} undecided on so few texts`;
}

function percentOf(steps: readonly TriedStep[]): string {
  return `${Math.round(100 * (steps[0]?.judgement.changeInterval.confidence ?? 0.95))}%`;
}

function chanceOf(steps: readonly TriedStep[]): number {
  return Math.round(1 / (1 - (steps[0]?.judgement.changeInterval.confidence ?? 0.95)));
}
