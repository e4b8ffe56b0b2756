import { Problems } from "../base/problems";
import {
  correctedResampledTTest,
  type CorrectedResampledTTest,
} from "../evaluation/comparison/corrected-resampled-t-test";
import { holmCorrection } from "../evaluation/comparison/holm-correction";
import { pairedBootstrapTest, type PairedBootstrapTest } from "../evaluation/comparison/paired-bootstrap-test";
import { rightOnes } from "../evaluation/comparison/right-ones";
import { mcnemarTest, type McNemarResult } from "../evaluation/intervals/mcnemar-test";
import { mean } from "../evaluation/metrics/mean";
import { methodNames, partsOf } from "./run-groups";
import { accuracyOf, type RunResult } from "./run-result";
import { sizesOf, type SummarizeOptions } from "./summarize-runs";

/** Options of {@link compareMethods}. */
export interface CompareMethodsOptions extends SummarizeOptions {
  /** Compares this method with each other one. @default every pair of methods */
  readonly reference?: string;
}

/** A test, with its p-value after Holm's correction for all pairs. */
export type Adjusted<Test> = Test & { readonly adjustedPValue: number };

/** The tests of a pair of methods, about accuracy. Null where the runs do not allow a test. */
export interface MethodPair {
  readonly from: string;
  readonly to: string;
  /** McNemar's exact test of the predictions of the first seed, on the fixed split. */
  readonly mcnemar: Adjusted<McNemarResult> | null;
  /** A bootstrap over the test texts. The value of a text is the share of seeds that predict it correctly. */
  readonly bootstrap: Adjusted<PairedBootstrapTest> | null;
  /** The corrected resampled t-test over the folds of the cross-validation. */
  readonly folds: Adjusted<CorrectedResampledTTest> | null;
}

/**
 * Tests the difference in accuracy of pairs of methods: McNemar's exact test and a paired bootstrap on the fixed split,
 * and the corrected resampled t-test over folds. Holm's correction covers all pairs of each test.
 *
 * @throws TsloraError `bad-option` if the reference has no run.
 */
export function compareMethods(results: readonly RunResult[], options: CompareMethodsOptions = {}): MethodPair[] {
  const names = methodNames(results.filter(({ part }) => part.kind !== "curve"));
  const { reference } = options;
  const problems = new Problems("compareMethods");
  problems.expect(
    reference === undefined || names.includes(reference),
    `reference must be one of ${names.join(", ")}; got ${String(reference)}`,
  );
  problems.throwIfAny();
  const pairs =
    reference === undefined
      ? names.flatMap((from, i) => names.slice(i + 1).map((to) => [from, to] as const))
      : names.filter((name) => name !== reference).map((from) => [from, reference] as const);
  const { holdout, folds } = partsOf(results);
  const runsOf = (of: readonly RunResult[], name: string): RunResult[] => of.filter(({ method }) => method === name);
  const tests = pairs.map(([from, to]) => ({
    from,
    to,
    ...holdoutTests(runsOf(holdout, from), runsOf(holdout, to), options),
    folds: foldTest(runsOf(folds, from), runsOf(folds, to), options),
  }));
  const mcnemar = adjusted(tests.map((test) => test.mcnemar));
  const bootstrap = adjusted(tests.map((test) => test.bootstrap));
  const overFolds = adjusted(tests.map((test) => test.folds));
  return tests.map(({ from, to }, i) => ({
    from,
    to,
    mcnemar: mcnemar[i],
    bootstrap: bootstrap[i],
    folds: overFolds[i],
  }));
}

function holdoutTests(
  before: readonly RunResult[],
  after: readonly RunResult[],
  { seed, resamples, confidence }: SummarizeOptions,
): { mcnemar: McNemarResult | null; bootstrap: PairedBootstrapTest | null } {
  if (before.length === 0 || after.length === 0) return { mcnemar: null, bootstrap: null };
  const shares = (runs: readonly RunResult[]): number[] => {
    const right = runs.map(({ predictions }) => rightOnes(predictions));
    return right[0].map((_, text) => mean(right.map((run) => (run[text] ? 1 : 0))));
  };
  return {
    mcnemar: mcnemarTest(rightOnes(before[0].predictions), rightOnes(after[0].predictions)),
    bootstrap: pairedBootstrapTest(shares(before), shares(after), { seed, resamples, confidence }),
  };
}

function foldTest(
  before: readonly RunResult[],
  after: readonly RunResult[],
  { confidence }: SummarizeOptions,
): CorrectedResampledTTest | null {
  if (before.length < 2 || before.length !== after.length) return null;
  const differences = after.map((run, i) => accuracyOf(run) - accuracyOf(before[i]));
  return correctedResampledTTest(differences, { ...sizesOf(before[0]), confidence });
}

/** Adds p-values after Holm's correction for all tests that are not null. */
function adjusted<Test extends { readonly pValue: number }>(
  tests: readonly (Test | null)[],
): (Adjusted<Test> | null)[] {
  const computed = tests.filter((test) => test !== null);
  const pValues = holmCorrection(computed.map(({ pValue }) => pValue));
  let next = 0;
  return tests.map((test) => (test === null ? null : { ...test, adjustedPValue: pValues[next++] }));
}
