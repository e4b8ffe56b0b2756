import { TsloraError } from "../base/tslora-error";
import type { OpAttribute } from "./load-tensorflow";
import type { AttentionLayout, AttentionSaved, Drop, DropoutSaved, LayerNormSaved, PackedMatrix, ResidualNormSaved } from "./ops";
import type { Tensor } from "./tensor";
import { TensorflowOps } from "./tensorflow-ops";

const NOTHING_DROPPED: Drop = { rate: 0, seed: [0, 0] };
/** Sets of instructions that the kernels are compiled for, as the binding counts them. */
const INSTRUCTIONS = ["baseline", "avx2", "avx512"] as const;
export type Instructions = (typeof INSTRUCTIONS)[number];
const MOST_RANKS = 16; // beyond, a matrix product is faster than a pass over memory saved

/**
 * {@link TensorflowOps} on the processor with the kernels in `device/kernels`, which set-up builds into the binding:
 * products with weights, what lies between them in one pass over memory, and dropout's masks drawn where they are used
 * and never kept.
 */
export class KernelOps extends TensorflowOps {
  override readonly draws = "Philox 4x32-7, by row and column";
  /** The processor's instructions that the kernels are taken for. */
  readonly instructions: Instructions;

  /** @throws TsloraError `device` where the binding has no kernels, or not those that TSLORA_INSTRUCTIONS names */
  constructor() {
    super();
    this.instructions = this.#findInstructions();
    const wish = process.env.TSLORA_INSTRUCTIONS;
    if (wish !== undefined && wish !== this.instructions) throw new TsloraError("device", `TSLORA_INSTRUCTIONS=${wish} asks for kernels that this processor cannot run or that there are not; it may be ${INSTRUCTIONS.join(", ")}, and without it ${process.arch === "x64" ? "the widest that the processor has are taken" : "it is the baseline"}.`);
  }

  override gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => {
      const [y, slope] = this.execute("TsloraGelu", [{ name: "derivative", type: this.binding.TF_ATTR_BOOL, value: derivative }], [this.idOf(x)], 2);
      return derivative ? { y, derivative: slope } : { y };
    });
  }

  override pack(w: Tensor, { transpose }: { transpose: boolean }): PackedMatrix {
    const [rows, columns] = w.shape;
    const laid = this.tidy(() => this.execute("TsloraPack", [{ name: "transpose", type: this.binding.TF_ATTR_BOOL, value: transpose }], [this.idOf(w)], 1)[0]);
    return { laid, shape: transpose ? [columns, rows] : [rows, columns] };
  }

  override product(x: Tensor, w: PackedMatrix, { plus = [], times }: { plus?: readonly Tensor[]; times?: Tensor } = {}): Tensor {
    return this.tidy(() => {
      const [first, ...others] = plus;
      return this.#product(x, w, { plus: first, also: others.length > 1 ? this.addN(others) : others[0], times }).y;
    });
  }

  override affine(x: Tensor, w: PackedMatrix, bias: Tensor): Tensor {
    return this.#product(x, w, { bias }).y;
  }

  override affineGelu(x: Tensor, w: PackedMatrix, bias: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    return this.#product(x, w, { bias, gelu: derivative ? "with derivative" : "alone" });
  }

  override addLowRank(y: Tensor, low: Tensor, b: Tensor): Tensor {
    if (low.shape[1] > MOST_RANKS) return super.addLowRank(y, low, b);
    return this.tidy(() => this.execute("TsloraAddLowRank", [], [this.idOf(y), this.idOf(low), this.idOf(this.transpose(b, [1, 0]))], 1)[0]);
  }

  override lower(x: Tensor, a: Tensor, { scaling, drop }: { scaling: number; drop: Drop | undefined }): { low: Tensor; dropout?: DropoutSaved } {
    if (a.shape[0] > MOST_RANKS) return super.lower(x, a, { scaling, drop });
    const low = this.tidy(() => this.execute("TsloraLower", [{ name: "scale", type: this.binding.TF_ATTR_FLOAT, value: scaling }, ...this.#rate(drop?.rate ?? 0)], [this.idOf(x), this.idOf(a), this.#seed(drop)], 1)[0]);
    return { low, dropout: drop };
  }

  override lowerGradient(dLow: Tensor, x: Tensor, dropout: DropoutSaved | undefined): Tensor {
    return this.tidy(() => this.execute("TsloraLowerGradient", this.#rate(dropout?.rate ?? 0), [this.idOf(dLow), this.idOf(x), this.#seed(dropout)], 1)[0]);
  }

  override lowerBackward(dLow: Tensor, a: Tensor, dropout: DropoutSaved | undefined): Tensor {
    if (a.shape[0] > MOST_RANKS) return super.lowerBackward(dLow, a, dropout);
    return this.tidy(() => this.execute("TsloraLowerBackward", this.#rate(dropout?.rate ?? 0), [this.idOf(dLow), this.idOf(a), this.#seed(dropout)], 1)[0]);
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

  override attention({ q, k, v }: { q: Tensor; k: Tensor; v: Tensor }, { layout, drop, keep }: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean }): { y: Tensor; saved: AttentionSaved } {
    return this.tidy(() => {
      const inputs = [...[q, k, v].map((tensor) => this.idOf(tensor)), this.#groups(layout), this.#seed(drop)];
      const [y, weights] = this.execute("TsloraAttention", [...this.#layout(layout, q), ...this.#rate(drop?.rate ?? 0), { name: "keep", type: this.binding.TF_ATTR_BOOL, value: keep }], inputs, 2);
      return { y, saved: { layout, parts: keep ? [{ q, k, v, weights, context: y, dropout: drop }] : [] } };
    });
  }

  override attentionBackward(dy: Tensor, { layout, parts }: AttentionSaved, { needsKey }: { needsKey: boolean }): { dq: Tensor; dk: Tensor | undefined; dv: Tensor } {
    const [saved] = parts;
    if (saved === undefined) throw new TypeError("A backward pass needs a forward pass that was to keep what it takes.");
    return this.tidy(() => {
      const inputs = [saved.q, saved.k, saved.v, saved.context, saved.weights, dy].map((tensor) => this.idOf(tensor));
      const attributes = [...this.#layout(layout, dy), ...this.#rate(saved.dropout?.rate ?? 0), { name: "needs_key", type: this.binding.TF_ATTR_BOOL, value: needsKey }];
      const [dq, dk, dv] = this.execute("TsloraAttentionBackward", attributes, [...inputs, this.#groups(layout)], 3);
      return { dq, dk: needsKey ? dk : undefined, dv };
    });
  }

  #findInstructions(): Instructions {
    try {
      return this.tidy(() => INSTRUCTIONS[this.binding.tensorDataSync(this.idOf(this.execute("TsloraInstructions", [], [], 1)[0]))[0]]);
    } catch (error) {
      throw new TsloraError("device", `The binding to TensorFlow was expected to hold tslora's kernels, but: ${error instanceof Error ? error.message : String(error)}\nRun \`npm run setup\`, which builds it anew.`, { cause: error });
    }
  }

  #product(x: Tensor, w: PackedMatrix, { bias, plus, also, times, gelu }: { bias?: Tensor; plus?: Tensor; also?: Tensor; times?: Tensor; gelu?: "alone" | "with derivative" }): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => {
      const optional = [bias, plus, also, times].map((tensor) => this.#optional(tensor));
      const attributes = [
        { name: "columns", type: this.binding.TF_ATTR_INT, value: w.shape[1] },
        { name: "gelu", type: this.binding.TF_ATTR_BOOL, value: gelu !== undefined },
        { name: "derivative", type: this.binding.TF_ATTR_BOOL, value: gelu === "with derivative" },
      ];
      const [y, derivative] = this.execute("TsloraProduct", attributes, [this.idOf(x), this.idOf(w.laid), ...optional], 2);
      return gelu === "with derivative" ? { y, derivative } : { y };
    });
  }

  #norm(x: Tensor, residual: Tensor | undefined, { gamma, beta, epsilon, drop }: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined }): { y: Tensor; saved: ResidualNormSaved } {
    return this.tidy(() => {
      const inputs = [this.idOf(x), this.#optional(residual), this.idOf(gamma), this.idOf(beta)];
      const attributes = [...this.#rate(drop?.rate ?? 0), { name: "epsilon", type: this.binding.TF_ATTR_FLOAT, value: epsilon }];
      const [y, normalized, inverseDeviation] = this.execute("TsloraResidualNorm", attributes, [...inputs, this.#seed(drop)], 3);
      return { y, saved: { normalized, inverseDeviation, dropout: drop } };
    });
  }

  /** The number of a tensor that may not be given. */
  #optional(tensor: Tensor | undefined): number {
    return tensor === undefined ? this.absent : this.idOf(tensor);
  }

  #rate(value: number): OpAttribute[] {
    return [{ name: "rate", type: this.binding.TF_ATTR_FLOAT, value }];
  }

  #layout({ heads, span }: AttentionLayout, q: Tensor): OpAttribute[] {
    return [
      { name: "heads", type: this.binding.TF_ATTR_INT, value: heads },
      { name: "scale", type: this.binding.TF_ATTR_FLOAT, value: 1 / Math.sqrt(q.shape[1] / heads) },
      { name: "first_token", type: this.binding.TF_ATTR_BOOL, value: span === "first-token" },
    ];
  }

  /** The number of a tensor [groups, 4], the innermost scope's. */
  #groups({ groups }: AttentionLayout): number {
    return this.idOf(this.int(Int32Array.from(groups.flatMap(({ row, document, documents, length }) => [row, document, documents, length])), [groups.length, 4]));
  }

  /** The number of a draw's seed: the innermost scope's, or one that is kept where nothing is drawn. */
  #seed(drop: Pick<Drop, "seed"> | undefined): number {
    return drop === undefined ? this.intsOf(NOTHING_DROPPED.seed) : this.idOf(this.int(Int32Array.from(drop.seed), [2]));
  }
}
