import { TsloraError } from "../base/tslora-error";
import type { OpAttribute } from "./load-tensorflow";
import type { Drop, DropoutSaved, HeadsLayout, LayerNormSaved, ResidualNormSaved } from "./ops";
import type { Tensor } from "./tensor";
import { TensorflowOps } from "./tensorflow-ops";

const NOTHING_DROPPED: Drop = { rate: 0, seed: [0, 0] };
const MOST_RANKS = 64; // from there on a matrix product and a sum are as fast

/**
 * {@link TensorflowOps} on the processor with the kernels in `device/kernels`, which set-up builds into the binding:
 * what lies between two matrix products is done in one pass over memory, and dropout's masks are drawn where they are
 * used and never kept.
 */
export class KernelOps extends TensorflowOps {
  constructor() {
    super();
    try {
      this.dispose(this.keepMask([1], 0.5, [0, 0]));
    } catch (error) {
      throw new TsloraError("device", `The binding to TensorFlow was expected to hold tslora's kernels, but: ${error instanceof Error ? error.message : String(error)}\nRun \`npm run setup\`, which builds it anew.`, { cause: error });
    }
  }

  override gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => {
      const [y, slope] = this.execute("TsloraGelu", [{ name: "derivative", type: this.binding.TF_ATTR_BOOL, value: derivative }], [this.idOf(x)], 2);
      return derivative ? { y, derivative: slope } : { y };
    });
  }

  override affine(x: Tensor, w: Tensor, bias: Tensor): Tensor {
    return this.tidy(() => this.execute("TsloraAddBias", [], [this.idOf(this.matMul(x, w)), this.idOf(bias)], 1)[0]); // in the product's place
  }

  override addLowRank(y: Tensor, low: Tensor, b: Tensor): Tensor {
    if (low.shape[1] > MOST_RANKS) return super.addLowRank(y, low, b);
    return this.tidy(() => this.execute("TsloraAddLowRank", [], [this.idOf(y), this.idOf(low), this.idOf(this.transpose(b, [1, 0]))], 1)[0]);
  }

  override keepMask(shape: readonly number[], rate: number, seed: readonly [number, number]): Tensor {
    return this.tidy(() => this.execute("TsloraKeepMask", this.#rate(rate), [this.intsOf(shape), this.#seed({ seed })], 1)[0]);
  }

  override dropout(x: Tensor, drop: Drop): { y: Tensor; saved: DropoutSaved } {
    const y = this.tidy(() => this.execute("TsloraDropout", this.#rate(drop.rate), [this.idOf(x), this.#seed(drop)], 1)[0]);
    return { y, saved: drop };
  }

  override layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved } {
    return this.#norm(x, undefined, { gamma, beta, epsilon, drop: undefined });
  }

  override layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor {
    return this.residualNormBackward(dy, gamma, { normalized: saved.normalized, inverseDeviation: saved.inverseDeviation }).dResidual;
  }

  override residualNorm(x: Tensor, residual: Tensor, options: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined }): { y: Tensor; saved: ResidualNormSaved } {
    return this.#norm(x, residual, options);
  }

  override residualNormBackward(dy: Tensor, gamma: Tensor, { normalized, inverseDeviation, dropout }: ResidualNormSaved): { dResidual: Tensor; dx: Tensor } {
    return this.tidy(() => {
      const inputs = [dy, gamma, normalized, inverseDeviation].map((tensor) => this.idOf(tensor));
      const [dResidual, dx] = this.execute("TsloraResidualNormBackward", this.#rate(dropout?.rate ?? 0), [...inputs, this.#seed(dropout)], 2);
      return { dResidual, dx: dropout === undefined ? dResidual : dx };
    });
  }

  override splitHeads(parts: readonly { readonly x: Tensor; readonly scale: number }[], { row, documents, length, heads }: HeadsLayout): Tensor[] {
    return this.tidy(() => this.execute("TsloraSplitHeads", this.#scales(parts.map(({ scale }) => scale), parts.length), [this.intsOf([row, documents, length, heads]), ...parts.map(({ x }) => this.idOf(x))], parts.length));
  }

  override mergeHeads(parts: readonly Tensor[], scale: number): Tensor {
    return this.execute("TsloraMergeHeads", this.#scales([scale], parts.length), parts.map((part) => this.idOf(part)), 1)[0];
  }

  override attentionWeights(scores: Tensor, drop: Drop | undefined): { weights: Tensor; kept: Tensor; dropout?: DropoutSaved } {
    return this.tidy(() => {
      const [weights, kept] = this.execute("TsloraAttentionWeights", this.#rate(drop?.rate ?? 0), [this.idOf(scores), this.#seed(drop)], 2);
      return drop === undefined ? { weights, kept: weights } : { weights, kept, dropout: drop };
    });
  }

  override attentionWeightsBackward(dKept: Tensor, saved: { weights: Tensor; dropout: DropoutSaved | undefined; context: Tensor; dContext: Tensor }): { dScores: Tensor; kept: Tensor } {
    const { weights, dropout, context, dContext } = saved;
    return this.tidy(() => {
      const inputs = [dKept, weights, dContext, context].map((tensor) => this.idOf(tensor));
      const [dScores, kept] = this.execute("TsloraAttentionWeightsBackward", this.#rate(dropout?.rate ?? 0), [...inputs, this.#seed(dropout)], 2);
      return { dScores, kept: dropout === undefined ? weights : kept };
    });
  }

  #norm(x: Tensor, residual: Tensor | undefined, { gamma, beta, epsilon, drop }: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined }): { y: Tensor; saved: ResidualNormSaved } {
    return this.tidy(() => {
      const inputs = [x, residual ?? this.float(new Float32Array(1), []), gamma, beta].map((tensor) => this.idOf(tensor)); // a number alone stands for no residual
      const attributes = [...this.#rate(drop?.rate ?? 0), { name: "epsilon", type: this.binding.TF_ATTR_FLOAT, value: epsilon }];
      const [y, normalized, inverseDeviation] = this.execute("TsloraResidualNorm", attributes, [...inputs, this.#seed(drop)], 3);
      return { y, saved: { normalized, inverseDeviation, dropout: drop } };
    });
  }

  #rate(value: number): OpAttribute[] {
    return [{ name: "rate", type: this.binding.TF_ATTR_FLOAT, value }];
  }

  #scales(value: readonly number[], count: number): OpAttribute[] {
    return [
      { name: "N", type: this.binding.TF_ATTR_INT, value: count },
      { name: "scales", type: this.binding.TF_ATTR_FLOAT, value },
    ];
  }

  /** The number of a draw's seed: the innermost scope's, or one that is kept where nothing is drawn. */
  #seed(drop: Pick<Drop, "seed"> | undefined): number {
    return drop === undefined ? this.intsOf(NOTHING_DROPPED.seed) : this.idOf(this.int(Int32Array.from(drop.seed), [2]));
  }
}
