import type { Random } from "../../../src/base/random";
import { correctedResampledTTest } from "../../../src/evaluation/comparison/corrected-resampled-t-test";
import { holmCorrection } from "../../../src/evaluation/comparison/holm-correction";
import { SCORE_NAMES, weightedScorer } from "../../../src/evaluation/comparison/weighted-scores";
import { mcnemarTest } from "../../../src/evaluation/intervals/mcnemar-test";
import { difference } from "../../evaluation/metric-calls";
import type { Measure, ParityLine } from "../parity-line";

interface Case {
  readonly differences: readonly number[];
  readonly trainSize: number;
  readonly testSize: number;
  readonly confidence: number;
  readonly pValues: readonly number[];
  readonly before: readonly boolean[];
  readonly after: readonly boolean[];
  readonly labels: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
  readonly weights: readonly number[];
}

const PARTS = {
  corrected: "corrected resampled t-test: p-value and interval",
  holm: "Holm's correction",
  mcnemar: "McNemar's exact test",
  scores: "weighted scores",
} as const;

type Answer = Readonly<Record<keyof typeof PARTS, unknown>>;

export const line: ParityLine = {
  title: "tests of differences, scores with weights",
  against: "SciPy, statsmodels, scikit-learn",
  async run({ random, cases, python }) {
    const drawn = Array.from({ length: cases(200) }, () => draw(random));
    const expected = (await python(drawn)) as readonly Answer[];
    const found = drawn.map(answer);
    return (Object.keys(PARTS) as (keyof Answer)[]).map((part): Measure => {
      const differences = found.map((one, i) => difference(one[part], expected[i][part]));
      const largest = differences.reduce((most, one) => (one <= most ? most : one), 0);
      return {
        what: PARTS[part],
        bound: 1e-10,
        cases: drawn.length,
        largest,
        worst: `case ${differences.indexOf(largest)}`,
      };
    });
  },
};

function answer(one: Case): Answer {
  const { differences, trainSize, testSize, confidence, pValues, before, after, labels, probabilities, weights } = one;
  const { pValue, interval } = correctedResampledTTest(differences, { trainSize, testSize, confidence });
  const predictions = labels.map((yTrue, i) => ({
    yTrue,
    yPred: probabilities[i].indexOf(Math.max(...probabilities[i])),
    probabilities: probabilities[i],
  }));
  const scores = weightedScorer(predictions, probabilities[0].length)(weights);
  return {
    corrected: [pValue, interval.low, interval.high],
    holm: holmCorrection(pValues),
    mcnemar: mcnemarTest(before, after).pValue,
    scores: SCORE_NAMES.map((name) => scores[name]),
  };
}

function draw(random: Random): Case {
  const list = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i));
  const [folds, n, classes] = [2 + random.below(60), 12 + random.below(200), 2 + random.below(3)];
  const shift = (random.uniform() - 0.5) / 10;
  const better = random.uniform();
  return {
    differences: list(folds, () => shift + (random.uniform() - 0.5) / 10),
    trainSize: 10 + random.below(1000),
    testSize: 10 + random.below(1000),
    confidence: 0.8 + 0.19 * random.uniform(),
    pValues: list(1 + random.below(30), (i) => (i % 4 === 3 ? 0.25 : random.uniform() ** 3)),
    before: list(n, () => random.uniform() < 0.6),
    after: list(n, () => random.uniform() < better),
    labels: list(n, (i) => (i < classes ? i : random.below(classes))),
    probabilities: list(n, () => probabilityRow(random, classes)),
    weights: list(n, (i) => (i < classes ? 1 : random.below(4))),
  };
}

/** Probabilities of few different values, so that texts have equal scores. */
function probabilityRow(random: Random, classes: number): number[] {
  const parts = Array.from({ length: classes }, () => 1 + random.below(8));
  const sum = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => part / sum);
}
