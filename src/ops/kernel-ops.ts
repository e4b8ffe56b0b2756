import { TsloraError } from "../base/tslora-error";
import type { OpAttribute } from "./load-tensorflow";
import type {
  AttentionLayout,
  AttentionSaved,
  Drop,
  DropoutSaved,
  Factors,
  LayerNormSaved,
  LowRank,
  PackedMatrix,
  PoolInputs,
  PoolSaved,
  ProductOptions,
  ResidualNormSaved,
} from "./ops";
import type { Tensor } from "./tensor";
import { TensorflowOps } from "./tensorflow-ops";

const NOTHING_DROPPED: Drop = { rate: 0, seed: [0, 0] };
/** Sets of instructions that the kernels are compiled for, as the binding counts them. */
export const INSTRUCTIONS = ["baseline", "avx2", "avx512"] as const;
export type Instructions = (typeof INSTRUCTIONS)[number];
const MOST_RANKS = 16; // beyond, a matrix product is faster than a pass over memory saved
// Limits of one operation for products.
const MOST_FACTORS = 3;
const MOST_PLUS = 4;

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
  }

  override gelu(x: Tensor, { derivative }: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => {
      const [y, slope] = this.execute("TsloraGelu", [this.#flag("derivative", derivative)], [this.idOf(x)], 2);
      return derivative ? { y, derivative: slope } : { y };
    });
  }

  override matMul(a: Tensor, b: Tensor, options: { transposeA?: boolean; transposeB?: boolean } = {}): Tensor {
    if (a.shape.length === 2) return super.matMul(a, b, options);
    return this.execute(
      "TsloraBatchedProduct",
      [this.#flag("transpose_a", options.transposeA), this.#flag("transpose_b", options.transposeB)],
      [this.idOf(a), this.idOf(b)],
      1,
    )[0];
  }

  override pack(w: Tensor, { transpose }: { transpose: boolean }): PackedMatrix {
    const [rows, columns] = w.shape;
    const laid = this.tidy(
      () => this.execute("TsloraPack", [this.#flag("transpose", transpose)], [this.idOf(w)], 1)[0],
    );
    return { laid, shape: transpose ? [columns, rows] : [rows, columns] };
  }

  override unpack({ laid, shape }: PackedMatrix, { transpose }: { transpose: boolean }): Tensor {
    return this.tidy(() => {
      const [panels, depth, columns] = laid.shape;
      const turned = this.sliceRows(
        this.reshape(this.transpose(laid, [0, 2, 1]), [panels * columns, depth]),
        0,
        shape[1],
      ); // the packed matrix's transpose
      return transpose ? turned : this.transpose(turned, [1, 0]);
    });
  }

  override products(pairs: readonly Factors[], { plus = [], times }: ProductOptions = {}): Tensor {
    return this.tidy(() => {
      const [own, others] = [pairs.slice(0, MOST_FACTORS), pairs.slice(MOST_FACTORS)];
      const parts = others.length === 0 ? plus : [this.products(others), ...plus];
      const last = parts.slice(MOST_PLUS - 1);
      return this.#product(own, {
        plus: last.length > 1 ? [...parts.slice(0, MOST_PLUS - 1), this.addN(last)] : parts,
        times,
      }).y;
    });
  }

  override affine(x: Tensor, w: PackedMatrix, bias: Tensor, update?: LowRank): Tensor {
    return this.tidy(() => {
      const pairs = update === undefined ? [] : [{ x: update.low, w: this.pack(update.b, { transpose: true }) }];
      return this.#product([{ x, w }, ...pairs], { bias }).y;
    });
  }

  override affineGelu(
    x: Tensor,
    w: PackedMatrix,
    bias: Tensor,
    { derivative }: { derivative: boolean },
  ): { y: Tensor; derivative?: Tensor } {
    return this.#product([{ x, w }], { bias, gelu: derivative ? "with derivative" : "alone" });
  }

  override lower(
    x: Tensor,
    a: Tensor,
    { scaling, drop }: { scaling: number; drop: Drop | undefined },
  ): { low: Tensor; dropout?: DropoutSaved } {
    if (a.shape[0] > MOST_RANKS) return super.lower(x, a, { scaling, drop });
    const low = this.tidy(
      () =>
        this.execute(
          "TsloraLower",
          [{ name: "scale", type: this.binding.TF_ATTR_FLOAT, value: scaling }, ...this.#rate(drop?.rate ?? 0)],
          [this.idOf(x), this.idOf(a), this.#seed(drop)],
          1,
        )[0],
    );
    return { low, dropout: drop };
  }

  override lowerGradient(dLow: Tensor, x: Tensor, dropout: DropoutSaved | undefined): Tensor {
    return this.tidy(
      () =>
        this.execute(
          "TsloraLowerGradient",
          this.#rate(dropout?.rate ?? 0),
          [this.idOf(dLow), this.idOf(x), this.#seed(dropout)],
          1,
        )[0],
    );
  }

  override lowerBackward(dLow: Tensor, a: Tensor, dropout: DropoutSaved | undefined): Tensor {
    if (a.shape[0] > MOST_RANKS) return super.lowerBackward(dLow, a, dropout);
    return this.tidy(
      () =>
        this.execute(
          "TsloraLowerBackward",
          this.#rate(dropout?.rate ?? 0),
          [this.idOf(dLow), this.idOf(a), this.#seed(dropout)],
          1,
        )[0],
    );
  }

  override keepMask(shape: readonly number[], drop: Drop, kept = 1): Tensor {
    return this.tidy(() => {
      const [mask] = this.execute("TsloraKeepMask", this.#rate(drop.rate), [this.intsOf(shape), this.#seed(drop)], 1);
      return kept === 1 ? mask : this.scale(mask, kept);
    });
  }

  override dropout(x: Tensor, drop: Drop): { y: Tensor; saved: DropoutSaved } {
    const y = this.tidy(
      () => this.execute("TsloraDropout", this.#rate(drop.rate), [this.idOf(x), this.#seed(drop)], 1)[0],
    );
    return { y, saved: drop };
  }

  override layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved } {
    return this.#norm(x, undefined, { gamma, beta, epsilon, drop: undefined });
  }

  override layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor {
    return this.residualNormBackward(dy, gamma, {
      normalized: saved.normalized,
      inverseDeviation: saved.inverseDeviation,
    }).dResidual;
  }

  override residualNorm(
    x: Tensor,
    residual: Tensor,
    options: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined },
  ): { y: Tensor; saved: ResidualNormSaved } {
    return this.#norm(x, residual, options);
  }

  override residualNormBackward(
    dy: Tensor,
    gamma: Tensor,
    { normalized, inverseDeviation, dropout }: ResidualNormSaved,
  ): { dResidual: Tensor; dx: Tensor } {
    return this.tidy(() => {
      const inputs = [dy, gamma, normalized, inverseDeviation].map((tensor) => this.idOf(tensor));
      const [dResidual, dx] = this.execute(
        "TsloraResidualNormBackward",
        this.#rate(dropout?.rate ?? 0),
        [...inputs, this.#seed(dropout)],
        2,
      );
      return { dResidual, dx: dropout === undefined ? dResidual : dx };
    });
  }

  override attention(
    { q, k, v }: { q: Tensor; k: Tensor; v: Tensor },
    { layout, drop, keep }: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean },
  ): { y: Tensor; saved: AttentionSaved } {
    return this.tidy(() => {
      const inputs = [...[q, k, v].map((tensor) => this.idOf(tensor)), this.#groups(layout), this.#seed(drop)];
      const [y, weights] = this.execute(
        "TsloraAttention",
        [...this.#layout(layout, q), ...this.#rate(drop?.rate ?? 0), this.#flag("keep", keep)],
        inputs,
        2,
      );
      return { y, saved: { layout, parts: keep ? [{ q, k, v, weights, context: y, dropout: drop }] : [] } };
    });
  }

  override attentionBackward(
    dy: Tensor,
    { layout, parts }: AttentionSaved,
    { needsKey }: { needsKey: boolean },
  ): { dq: Tensor; dk: Tensor | undefined; dv: Tensor } {
    const [saved] = parts;
    if (saved === undefined)
      throw new TypeError("A backward pass needs a forward pass that was to keep what it takes.");
    return this.tidy(() => {
      const inputs = [saved.q, saved.k, saved.v, saved.context, saved.weights, dy].map((tensor) => this.idOf(tensor));
      const attributes = [
        ...this.#layout(layout, dy),
        ...this.#rate(saved.dropout?.rate ?? 0),
        this.#flag("needs_key", needsKey),
      ];
      const [dq, dk, dv] = this.execute("TsloraAttentionBackward", attributes, [...inputs, this.#groups(layout)], 3);
      return { dq, dk: needsKey ? dk : undefined, dv };
    });
  }

  override poolTokens(
    inputs: PoolInputs,
    { layout, drop, keep }: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean },
  ): { pooled: Tensor; sums: Tensor; update: Tensor | undefined; saved: PoolSaved } {
    return this.tidy(() => {
      const attributes = [...this.#rate(drop?.rate ?? 0), this.#flag("keep", keep)];
      const [pooled, sums, update, weights] = this.execute(
        "TsloraPoolTokens",
        attributes,
        [...this.#pool(inputs), this.#groups(layout), this.#seed(drop)],
        4,
      );
      return {
        pooled,
        sums,
        update: inputs.value && update,
        saved: { layout, inputs, parts: keep ? [{ weights, dropout: drop }] : [] },
      };
    });
  }

  override poolTokensBackward(
    { dPooled, dSums, dUpdate }: { dPooled: Tensor; dSums: Tensor; dUpdate: Tensor },
    { layout, inputs, parts }: PoolSaved,
    { needsInput }: { needsInput: boolean },
  ): { du: Tensor; dx: Tensor | undefined; key: { dq: Tensor; dy: Tensor } | undefined; dValue: Tensor | undefined } {
    const [saved] = parts;
    if (saved === undefined)
      throw new TypeError("A backward pass needs a forward pass that was to keep what it takes.");
    return this.tidy(() => {
      const attributes = [...this.#rate(saved.dropout?.rate ?? 0), this.#flag("needs_input", needsInput)];
      const given = [saved.weights, dPooled, dSums, dUpdate].map((tensor) => this.idOf(tensor));
      const [du, dx, dq, dKey, dValue] = this.execute(
        "TsloraPoolTokensBackward",
        attributes,
        [...this.#pool(inputs), this.#groups(layout), ...given],
        5,
      );
      return {
        du,
        dx: needsInput ? dx : undefined,
        key: inputs.key && { dq, dy: dKey },
        dValue: inputs.value && dValue,
      };
    });
  }

  #pool({ x, u, key, value }: PoolInputs): number[] {
    return [this.idOf(u), this.idOf(x), this.#optional(key?.q), this.#optional(key?.y), this.#optional(value)];
  }

  #findInstructions(): Instructions {
    const [asked, here, compiled] = this.#readInstructions();
    const named = (sets: number): string => INSTRUCTIONS.filter((_, place) => (sets & (1 << place)) !== 0).join(", ");
    const wish = process.env.TSLORA_INSTRUCTIONS ?? "";
    if (asked < 0)
      throw new TsloraError(
        "device",
        `TSLORA_INSTRUCTIONS must be ${INSTRUCTIONS.join(", ")}; got ${JSON.stringify(wish.slice(0, 60))}. Leave it out for the widest that this processor has.`,
      );
    const instructions = INSTRUCTIONS[asked];
    if ((here & (1 << asked)) === 0)
      throw new TsloraError(
        "device",
        `TSLORA_INSTRUCTIONS must name instructions of this processor (${named(here)}); got ${instructions}.`,
      );
    if ((compiled & (1 << asked)) === 0) {
      const why = wish === "" ? "the widest that this processor has" : "by TSLORA_INSTRUCTIONS";
      throw new TsloraError(
        "device",
        `The kernels must be compiled for ${instructions}, ${why}; they are compiled for ${named(compiled)}. Run \`npm run setup\`${wish === "" ? "" : " with the same TSLORA_INSTRUCTIONS"}, which adds them.`,
      );
    }
    return instructions;
  }

  #readInstructions(): [asked: number, here: number, compiled: number] {
    try {
      const [asked, here, compiled] = this.tidy(() =>
        this.binding.tensorDataSync(this.idOf(this.execute("TsloraInstructions", [], [], 1)[0])),
      );
      return [asked, here, compiled];
    } catch (error) {
      throw new TsloraError(
        "device",
        `The binding to TensorFlow must hold tslora's kernels, but: ${error instanceof Error ? error.message : String(error)}\nRun \`npm run setup\`, which builds it anew.`,
        { cause: error },
      );
    }
  }

  /** Product of at most MOST_FACTORS pairs, with at most MOST_PLUS added. */
  #product(
    pairs: readonly Factors[],
    { bias, plus = [], times, gelu }: ProductOptions & { bias?: Tensor; gelu?: "alone" | "with derivative" },
  ): { y: Tensor; derivative?: Tensor } {
    const [, columns] = pairs[0].w.shape;
    if (pairs.some(({ w }) => w.shape[1] !== columns))
      throw new RangeError(
        `TsloraProduct: matrices must have as many columns as the first; got ${pairs.map(({ w }) => w.shape[1]).join(", ")}.`,
      ); // packed ones do not tell
    return this.tidy(() => {
      const factors = pairs.flatMap(({ x, w }) => [x, w.laid]);
      const inputs = [...filled(factors, 2 * MOST_FACTORS), bias, ...filled(plus, MOST_PLUS), times].map((tensor) =>
        this.#optional(tensor),
      );
      const attributes = [
        { name: "columns", type: this.binding.TF_ATTR_INT, value: columns },
        this.#flag("gelu", gelu !== undefined),
        this.#flag("derivative", gelu === "with derivative"),
      ];
      const [y, derivative] = this.execute("TsloraProduct", attributes, inputs, 2);
      return gelu === "with derivative" ? { y, derivative } : { y };
    });
  }

  #norm(
    x: Tensor,
    residual: Tensor | undefined,
    { gamma, beta, epsilon, drop }: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined },
  ): { y: Tensor; saved: ResidualNormSaved } {
    return this.tidy(() => {
      const inputs = [this.idOf(x), this.#optional(residual), this.idOf(gamma), this.idOf(beta)];
      const attributes = [
        ...this.#rate(drop?.rate ?? 0),
        { name: "epsilon", type: this.binding.TF_ATTR_FLOAT, value: epsilon },
      ];
      const [y, normalized, inverseDeviation] = this.execute(
        "TsloraResidualNorm",
        attributes,
        [...inputs, this.#seed(drop)],
        3,
      );
      return { y, saved: { normalized, inverseDeviation, dropout: drop } };
    });
  }

  /** The number of a tensor that may not be given. */
  #optional(tensor: Tensor | undefined): number {
    return tensor === undefined ? this.absent : this.idOf(tensor);
  }

  #flag(name: string, value = false): OpAttribute {
    return { name, type: this.binding.TF_ATTR_BOOL, value };
  }

  #rate(value: number): OpAttribute[] {
    return [{ name: "rate", type: this.binding.TF_ATTR_FLOAT, value }];
  }

  #layout({ heads, span }: AttentionLayout, q: Tensor): OpAttribute[] {
    return [
      { name: "heads", type: this.binding.TF_ATTR_INT, value: heads },
      { name: "scale", type: this.binding.TF_ATTR_FLOAT, value: 1 / Math.sqrt(q.shape[1] / heads) },
      this.#flag("first_token", span === "first-token"),
    ];
  }

  /** The number of a tensor [groups, 4], the innermost scope's. */
  #groups({ groups }: AttentionLayout): number {
    return this.idOf(
      this.onHost(
        Int32Array.from(groups.flatMap(({ row, document, documents, length }) => [row, document, documents, length])),
        [groups.length, 4],
      ),
    );
  }

  /** The number of a draw's seed: the innermost scope's, or one that is kept where nothing is drawn. */
  #seed(drop: Pick<Drop, "seed"> | undefined): number {
    return drop === undefined
      ? this.intsOf(NOTHING_DROPPED.seed)
      : this.idOf(this.onHost(Int32Array.from(drop.seed), [2]));
  }
}

/** Tensors, and then what stands for none, up to a number. */
function filled(tensors: readonly Tensor[], length: number): (Tensor | undefined)[] {
  return Array.from({ length }, (_, i) => tensors.at(i));
}
