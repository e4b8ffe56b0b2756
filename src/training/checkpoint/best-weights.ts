import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { MetricName } from "../options/train-options";
import type { Metrics } from "../validation/validation-metrics";

/** The best evaluation so far. */
export interface BestEvaluation {
  readonly step: number;
  readonly metric: number;
  readonly loss: number;
}

/** The best evaluation, and the trained weights at that time, in the host's memory. */
export class BestWeights {
  readonly #classifier: SequenceClassifier;
  readonly #options: { readonly metric: MetricName; readonly greaterIsBetter: boolean; readonly keep: boolean };
  #best: BestEvaluation | undefined;
  #values = new Map<string, Float32Array>();

  /** @param options.keep - whether to keep the weights, to restore them at the end */
  constructor(
    classifier: SequenceClassifier,
    options: { metric: MetricName; greaterIsBetter: boolean; keep: boolean },
  ) {
    this.#classifier = classifier;
    this.#options = options;
  }

  get best(): BestEvaluation | undefined {
    return this.#best;
  }

  /**
   * Keeps the current weights if their evaluation is the best so far. If metrics are equal, the lower loss is better.
   */
  async offer(step: number, metrics: Metrics): Promise<boolean> {
    const metric = metrics[this.#options.metric];
    if (
      metric === undefined ||
      (this.#best !== undefined && !isBetter({ metric, loss: metrics.loss }, this.#best, this.#options))
    )
      return false;
    this.#best = { step, metric, loss: metrics.loss };
    if (!this.#options.keep) return true;
    const { ops } = this.#classifier.model;
    this.#values = new Map();
    for (const { name, value } of this.#classifier.trainableParameters())
      this.#values.set(name, Float32Array.from(await ops.read(value)));
    return true;
  }

  /** Takes over the best evaluation of a checkpoint, with its weights by parameter. */
  remember(best: BestEvaluation | undefined, values: ReadonlyMap<string, Float32Array>): void {
    this.#best = best;
    this.#values = new Map(values);
  }

  /** Restores the best weights. */
  restore(): void {
    const { ops } = this.#classifier.model;
    for (const parameter of this.#classifier.trainableParameters()) {
      const values = this.#values.get(parameter.name);
      if (values !== undefined) parameter.assign(ops.float(values, parameter.shape));
    }
  }
}

/** Whether an evaluation is better than another, by metric and then by loss. */
export function isBetter(
  a: Omit<BestEvaluation, "step">,
  b: Omit<BestEvaluation, "step">,
  { greaterIsBetter }: { greaterIsBetter: boolean },
): boolean {
  if (a.metric !== b.metric) return greaterIsBetter ? a.metric > b.metric : a.metric < b.metric;
  return a.loss < b.loss;
}
