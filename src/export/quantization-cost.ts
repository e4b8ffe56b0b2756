import { TsloraError } from "../base/tslora-error";
import type { MultiLabelEvaluation } from "../evaluation/evaluate-multi-label";
import type { Evaluation } from "../evaluation/evaluation";
import { bootstrapInterval } from "../evaluation/intervals/bootstrap-interval";
import type { Interval } from "../evaluation/intervals/interval";
import { mcnemarTest, type McNemarResult } from "../evaluation/intervals/mcnemar-test";

/** Accuracy that 8-bit weights cost, on the same texts. */
export interface QuantizationCost {
  /** Number of texts. */
  readonly n: number;
  /** Accuracy of the full model. */
  readonly full: number;
  readonly quantized: number;
  /** quantized - full */
  readonly change: number;
  /** The paired bootstrap's interval of the change. */
  readonly changeInterval: Interval;
  /** McNemar's test of the texts that only one of the two gets right. */
  readonly mcnemar: McNemarResult;
  /** Whether the quantized model loses more than one point. */
  readonly isCostly: boolean;
}

/** The loss of accuracy that counts as costly. */
const COSTLY = 0.01;

/**
 * Compares the accuracies of a full and a quantized model on the same texts. Where a text may have several labels, all
 * of them must be right.
 *
 * @param options.seed - seed of the bootstrap. @default 42
 * @param options.confidence - confidence level of the interval. @default 0.95
 * @throws TsloraError `bad-input` if the evaluations are not about the same texts.
 */
export function quantizationCost(
  full: Evaluation | MultiLabelEvaluation,
  quantized: Evaluation | MultiLabelEvaluation,
  options: { readonly seed?: number; readonly confidence?: number } = {},
): QuantizationCost {
  const labels = [full, quantized].map(({ predictions }) => JSON.stringify(predictions.map(({ yTrue }) => yTrue)));
  if (labels[0] !== labels[1])
    throw new TsloraError(
      "bad-input",
      "quantizationCost: both evaluations must be of the same texts, in the same order; their labels differ.",
    );
  const [before, after] = [rightOf(full), rightOf(quantized)];
  const { n } = full;
  const changeInterval = bootstrapInterval(
    (indices) => indices.reduce((sum, i) => sum + Number(after[i]) - Number(before[i]), 0) / n,
    { n, ...options },
  );
  const mcnemar = mcnemarTest(before, after);
  return {
    n,
    full: full.accuracy,
    quantized: quantized.accuracy,
    change: quantized.accuracy - full.accuracy,
    changeInterval,
    mcnemar,
    isCostly: mcnemar.onlyBefore - mcnemar.onlyAfter > COSTLY * n,
  };
}

/** Whether each text was predicted right. */
function rightOf({ predictions }: Evaluation | MultiLabelEvaluation): boolean[] {
  return predictions.map(({ yTrue, yPred }) => String(yTrue) === String(yPred));
}
