import type { DropoutSaved, LowRank, Ops, PackedMatrix, ProductOptions } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { DerivedTensors } from "./derived-tensors";
import type { Parameter, Substitutes } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";

/** State of a linear layer's adapter between its forward and its backward pass. */
export interface AdapterSaved {
  readonly tensors: { readonly [name: string]: Tensor | undefined };
  readonly dropout?: DropoutSaved;
}

/** The weights of the layer under an adapter. */
export interface AdaptedWeights {
  /** [out, in] */
  readonly weight: Tensor;
  /** [out] */
  readonly bias: Tensor;
  /** x W': [rows, in] to [rows, out]. */
  product(x: Tensor): Tensor;
  /** dy W: [rows, out] to [rows, in]. */
  productBackward(dy: Tensor): Tensor;
}

/**
 * Something that changes a linear layer from outside. The model does not know what: the lora room implements it.
 */
export interface LinearAdapter {
  /** Its own weights. */
  readonly parameters: readonly Parameter[];
  /** y + the adapter's part for x. A new tensor; x [rows, in], y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor, from: { y: Tensor; base: AdaptedWeights }): { y: Tensor; saved: AdapterSaved };
  /**
   * Its part for x where all it does is to add an update of a low rank: the layer then makes it in its own product, in
   * the place of `forward`, or alone.
   */
  lowRank?(pass: ForwardPass, x: Tensor): { update: LowRank; saved: AdapterSaved };
  /** Adds its weights' gradients; returns its part of dx [rows, in] where that is asked for. */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { x: Tensor; saved: AdapterSaved; base: AdaptedWeights; needsInput: boolean },
  ): Tensor | undefined;
}

/** State that a linear layer keeps for its backward pass: its input only if something that is trained needs it. */
export interface LinearSaved {
  readonly x?: Tensor;
  readonly adapter?: AdapterSaved;
}

/** One of the layers that a gradient comes back through: what {@link Linear.backward} takes. */
export interface Through {
  readonly linear: Linear;
  /** [rows, out] */
  readonly dy: Tensor;
  readonly saved: LinearSaved;
}

const FORWARD = { transpose: true } as const;
const BACKWARD = { transpose: false } as const;

/** y = x W' + b, with W in PyTorch's layout (out, in). */
export class Linear {
  readonly #ops: Ops;
  // The weight as its products take it: x W' on the way forward, dy W on the way back. Once one of them is there the
  // weight itself is let go of.
  readonly #forward: DerivedTensors<PackedMatrix>;
  readonly #backward: DerivedTensors<PackedMatrix>;
  readonly #forwardRounded: DerivedTensors<Tensor>;
  readonly #backwardRounded: DerivedTensors<Tensor>;
  #used: { readonly weight: Parameter; readonly bias: Parameter };
  #adapter: LinearAdapter | undefined;

  /**
   * @param module - its name in the model, as peft matches it, e.g. `distilbert.transformer.layer.0.attention.q_lin`
   * @param weight - [out, in]
   * @param bias - [out]
   */
  constructor(
    ops: Ops,
    readonly module: string,
    readonly weight: Parameter,
    readonly bias: Parameter,
  ) {
    this.#ops = ops;
    this.#used = { weight, bias };
    this.#forward = new DerivedTensors(ops, (value) => ops.pack(value, FORWARD));
    this.#backward = new DerivedTensors(ops, (value) => ops.pack(value, BACKWARD));
    this.#forwardRounded = new DerivedTensors(ops, (value) => ops.toBfloat16(ops.transpose(value, [1, 0])));
    this.#backwardRounded = new DerivedTensors(ops, (value) => ops.toBfloat16(value));
  }

  get inFeatures(): number {
    return this.weight.shape[1];
  }

  get outFeatures(): number {
    return this.weight.shape[0];
  }

  get adapter(): LinearAdapter | undefined {
    return this.#adapter;
  }

  /** Puts an adapter on the layer, or takes it off. */
  setAdapter(adapter: LinearAdapter | undefined): void {
    this.#adapter = adapter;
    this.weight.takeBack();
  }

  /** Computes with other weights instead of its own from now on, or with its own again. */
  use(substitutes?: Substitutes): void {
    const { weight, bias } = this;
    this.#used = { weight: substitutes?.get(weight) ?? weight, bias: substitutes?.get(bias) ?? bias };
    for (const derived of this.#layouts) derived.keepOnly(weight);
  }

  /** Whether a backward pass has anything to do here beyond the input's gradient. */
  get hasTrainables(): boolean {
    return (
      this.#used.weight.trainable ||
      this.#used.bias.trainable ||
      (this.#adapter?.parameters.some((p) => p.trainable) ?? false)
    );
  }

  /**
   * Whether nothing but the layer's own weights, and what an adapter adds to what they give, is at work, and they are
   * not being trained: then the two can be computed apart.
   */
  isSeparable(pass: Pick<ForwardPass, "kind">): boolean {
    const { weight, bias } = this.#used;
    const trained = pass.kind === "training" && (weight.trainable || bias.trainable);
    return !trained && (this.#adapter === undefined || this.#adapter.lowRank !== undefined);
  }

  /** The weights that the layer computes with. */
  get own(): Pick<AdaptedWeights, "weight" | "bias"> {
    return { weight: this.#used.weight.value, bias: this.#used.bias.value };
  }

  /** The adapter's part alone for x [rows, in]: [rows, out]; undefined without an adapter. */
  update(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved } | undefined {
    const { ops } = pass;
    return ops.tidy(() => {
      const part = this.#adapter?.lowRank?.(pass, x);
      return (
        part && {
          y: ops.matMul(part.update.low, part.update.b, { transposeB: true }),
          saved: { x, adapter: part.saved },
        }
      );
    });
  }

  /** The gradient for x through the adapter alone; undefined where it is not asked for. */
  updateBackward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, needsInput }: { saved: LinearSaved; needsInput: boolean },
  ): Tensor | undefined {
    return this.#adapter?.backward(pass, dy, {
      x: expected(saved.x),
      saved: saved.adapter ?? { tensors: {} },
      base: this.#adapted(),
      needsInput,
    });
  }

  /** x [rows, in] to y [rows, out]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved } {
    const { ops } = pass;
    return ops.tidy(() => {
      const { weight, bias } = this.#used;
      const kept = weight.trainable || this.#adapter !== undefined ? x : undefined;
      const lowRank = isRounded(pass) ? undefined : this.#adapter?.lowRank?.(pass, x);
      if (lowRank !== undefined)
        return {
          y: ops.affine(x, this.#packed(FORWARD), bias.value, lowRank.update),
          saved: { x: kept, adapter: lowRank.saved },
        };
      const base = isRounded(pass)
        ? ops.addBias(ops.matMulBfloat16(ops.toBfloat16(x), this.#forwardRounded.of(weight)), bias.value)
        : ops.affine(x, this.#packed(FORWARD), bias.value); // [rows, out]
      if (this.#adapter === undefined) return { y: base, saved: { x: kept } };
      const { y, saved } = this.#adapter.forward(pass, x, { y: base, base: this.#adapted() });
      return { y, saved: { x: kept, adapter: saved } };
    });
  }

  /** GELU of {@link forward}, and in training its derivative [rows, out]. */
  forwardGelu(pass: ForwardPass, x: Tensor): { y: Tensor; derivative: Tensor | undefined; saved: LinearSaved } {
    const { ops } = pass;
    const options = { derivative: pass.kind === "training" };
    return ops.tidy(() => {
      if (this.#adapter === undefined && !isRounded(pass)) {
        const { weight, bias } = this.#used;
        const { y, derivative } = ops.affineGelu(x, this.#packed(FORWARD), bias.value, options);
        return { y, derivative, saved: { x: weight.trainable ? x : undefined } };
      }
      const inner = this.forward(pass, x);
      const { y, derivative } = ops.gelu(inner.y, options);
      return { y, derivative, saved: inner.saved };
    });
  }

  /**
   * dy [rows, out] to dx [rows, in], undefined where it is not asked for; weights' gradients on the way.
   *
   * @param from.onward - what else goes into dx
   */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LinearSaved; needsInput: boolean; onward?: ProductOptions },
  ): Tensor | undefined {
    return Linear.backwardOfAll(pass, [{ linear: this, dy, saved: from.saved }], from);
  }

  /** {@link backward} of layers with one input: their dx in one sum. */
  static backwardOfAll(
    pass: BackwardPass,
    layers: readonly Through[],
    { needsInput, onward = {} }: { needsInput: boolean; onward?: ProductOptions },
  ): Tensor | undefined {
    const { ops } = pass;
    return ops.tidy(() => {
      const fromAdapters = layers.flatMap(
        ({ linear, dy, saved }) => linear.#ownBackward(pass, dy, { saved, needsInput }) ?? [],
      );
      if (!needsInput) return undefined;
      const plus = [...fromAdapters, ...(onward.plus ?? [])];
      if (pass.precision !== "bfloat16")
        return ops.products(
          layers.map(({ linear, dy }) => ({ x: dy, w: linear.#packed(BACKWARD) })),
          { plus, times: onward.times },
        );
      const products = layers.map(({ linear, dy }) =>
        ops.tidy(() => ops.matMulBfloat16(ops.toBfloat16(dy), linear.#backwardRounded.of(linear.#used.weight))),
      );
      const sum = ops.addN([...products, ...plus]);
      return onward.times === undefined ? sum : ops.mul(sum, onward.times);
    });
  }

  dispose(): void {
    for (const derived of this.#layouts) derived.keepOnly(undefined);
    this.weight.dispose();
    this.bias.dispose();
  }

  get #layouts(): readonly DerivedTensors<object>[] {
    return [this.#forward, this.#backward, this.#forwardRounded, this.#backwardRounded];
  }

  /** Adds the gradients of its weights and its adapter's; returns the adapter's part of dx where that is asked for. */
  #ownBackward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, needsInput }: { saved: LinearSaved; needsInput: boolean },
  ): Tensor | undefined {
    const { ops, gradients } = pass;
    const { weight, bias } = this.#used;
    // [out, in]
    if (weight.trainable) gradients.add(weight, () => ops.matMul(dy, expected(saved.x), { transposeA: true }));
    if (bias.trainable) gradients.add(bias, () => ops.sum(dy, [0]));
    return this.updateBackward(pass, dy, { saved, needsInput });
  }

  #adapted(): AdaptedWeights {
    const { weight, bias } = this.#used;
    return {
      get weight() {
        return weight.value;
      },
      bias: bias.value,
      product: (x) => this.#ops.product(x, this.#packed(FORWARD)),
      productBackward: (dy) => this.#ops.product(dy, this.#packed(BACKWARD)),
    };
  }

  /**
   * The weight that is used as a product takes it. The layer's own, where it is not trained, is then in memory in that
   * order alone.
   */
  #packed(direction: typeof FORWARD | typeof BACKWARD): PackedMatrix {
    const { weight } = this.#used;
    const packed = (direction.transpose ? this.#forward : this.#backward).of(weight);
    if (weight === this.weight && !weight.trainable) weight.setAside(() => this.#ops.unpack(packed, direction));
    return packed;
  }
}

function expected(x: Tensor | undefined): Tensor {
  if (x === undefined)
    throw new TypeError("A backward pass needs a forward pass in which the same weights were to be trained.");
  return x;
}

function isRounded(pass: ForwardPass): boolean {
  return pass.kind === "training" && pass.precision === "bfloat16";
}
