import { join } from "node:path";

import { writeAtomically } from "../../base/files/write-atomically";
import { returnValueOf } from "../../base/return-value";
import { learningRateFigure } from "../../figures/plots/learning-rate-figure";
import { findLearningRate } from "../../training/range-test/find-learning-rate";
import type { LearningRateTest } from "../../training/range-test/learning-rate-test";
import { EXIT } from "../exit-codes";
import { shortPath } from "../run/run-in-terminal";
import { RATE_FILES } from "./plan-train";
import { rateLines } from "./rate-lines";
import type { LoadedRun, RunContext } from "./loaded-run";
import { resultsOf } from "./write-run";

/**
 * `tslora train --find-learning-rate`: tests learning rates on the training texts, prints a table with the suggestion,
 * and writes learning_rate.json and learning_rate.svg. Nothing is trained.
 */
export async function findRate(run: LoadedRun, { terminal, view, signal }: RunContext): Promise<number> {
  const { plan, parts, classifier } = run;
  const events = findLearningRate(classifier, parts.train, {
    ...plan.train,
    ...(plan.train.maxSteps === undefined ? {} : { numSteps: plan.train.maxSteps }),
    signal,
  });
  const test = await returnValueOf(events, (event) => view.show(event));
  if (test.stopped) {
    view.result({ type: "stopped", steps: test.steps }, ["Stopped. Nothing was trained, and nothing was written."]);
    return EXIT.interrupted;
  }
  const [results, figure] = await writeTest(run, test);
  const { suggestion, message } = test;
  const command =
    suggestion.kind === "found" ? ` Train with --learning-rate ${suggestion.learningRate.toExponential(1)}.` : "";
  view.result({ type: "learning-rate", suggestion, reason: test.reason, results, figure }, [
    "",
    ...rateLines(test, terminal),
    "",
    message,
    `Nothing was trained.${command}`,
    `figure: ${shortPath(figure)}`,
    `results: ${shortPath(results)}`,
  ]);
  return EXIT.ok;
}

/** Writes the test's numbers and its figure. Returns their paths. */
async function writeTest(
  run: LoadedRun,
  { points, suggestion, message, steps, reason, elapsedSeconds }: LearningRateTest,
): Promise<readonly string[]> {
  const { plan, parts, classifier, notices } = run;
  const content = {
    ...resultsOf(classifier, run),
    suggestion,
    message,
    steps,
    reason,
    elapsed: elapsedSeconds,
    points,
    notices,
    banner: parts.loaded.corpus.banner,
  };
  const { renderSvg } = await import("../../figures/plotly/render-svg.js");
  const texts = [
    `${JSON.stringify(content, undefined, 1)}\n`,
    renderSvg(learningRateFigure({ points, suggestion, reason })),
  ];
  const paths = RATE_FILES.map((name) => join(plan.outputDir, name));
  for (const [i, path] of paths.entries()) await writeAtomically(path, texts[i]);
  return paths;
}
