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
  const names = (list: readonly TriedStep[]): string => list.map(({ step }) => step).join("; ");
  const lines = steps.map(({ step, judgement }) => `- **${step}.** ${judgement.text}`);
  lines.push(
    `- **In short:** ${better.length === 0 ? `of ${steps.length} steps tried, none is shown to be better` : `${better.length} of ${steps.length} steps tried ${better.length === 1 ? "is" : "are"} better on these texts (${names(better)})`}${worse.length === 0 ? "" : `; ${worse.length} ${worse.length === 1 ? "is" : "are"} worse (${names(worse)})`}${undecided.length === 0 ? "." : `; of ${undecided.length === steps.length ? "all of them" : `the other ${undecided.length}`} it cannot be told from so few texts.`}`,
    `- ${steps.length} comparisons at the ${percentOf(steps)} level: of steps without any effect, about one in ${chanceOf(steps)} would still be called a change. One seed and one split were run.`,
  );
  return lines.join("\n");
}

function percentOf(steps: readonly TriedStep[]): string {
  return `${Math.round(100 * (steps[0]?.judgement.changeInterval.confidence ?? 0.95))}%`;
}

function chanceOf(steps: readonly TriedStep[]): number {
  return Math.round(1 / (1 - (steps[0]?.judgement.changeInterval.confidence ?? 0.95)));
}
