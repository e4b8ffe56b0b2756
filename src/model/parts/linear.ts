import type { Activation, Ops, PackedMatrix, ProductOptions } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { DerivedTensors } from "./derived-tensors";
import type { Parameter, Substitutes } from "./parameter";
import type { AdaptedWeights, AdapterSaved, BackwardPass, ForwardPass, LinearAdapter } from "./pass";
import {
  isSeparable,
  keepsWeights,
  linearSlices,
  segmentedForward,
  segmentedUpdate,
  type LinearSlice,
  type SegmentedLayer,
} from "./segmented-linear";
import { segmentsOf } from "./segments";

/** State that a linear layer keeps for its backward pass. The input x is kept only if a trained weight needs it. */
export interface LinearSaved {
  readonly x?: Tensor;
  readonly adapter?: AdapterSaved;
}

/** One of several layers with the same input, for {@link Linear.backwardOfAll}. */
export interface Through {
  readonly linear: Linear;
  /** [rows, out] */
  readonly dy: Tensor;
  readonly saved: LinearSaved;
}

const FORWARD = { transpose: true } as const;
const BACKWARD = { transpose: false } as const;

/** Bytes of weights that recorded operations pack before they run: until then both forms are in memory. */
const MOST_SET_ASIDE = 2 ** 26;

/** y = x W' + b, with W in PyTorch's layout (out, in). */
export class Linear {
  readonly #ops: Ops;
  // The weight packed for its products: x W' in the forward pass, dy W in the backward pass. When one of them exists,
  // the unpacked weight is freed.
  readonly #forward: DerivedTensors<PackedMatrix>;
  readonly #backward: DerivedTensors<PackedMatrix>;
  readonly #forwardRounded: DerivedTensors<Tensor>;
  readonly #backwardRounded: DerivedTensors<Tensor>;
  #used: { readonly weight: Parameter; readonly bias: Parameter | undefined };
  /** The bias of a layer without one. */
  readonly #zeros: Tensor | undefined;
  #adapter: LinearAdapter | undefined;

  /**
   * @param module - its name in the model, as peft matches it, e.g. `distilbert.transformer.layer.0.attention.q_lin`
   * @param weight - [out, in]
   * @param bias - [out]; undefined for a layer without a bias
   */
  constructor(
    ops: Ops,
    readonly module: string,
    readonly weight: Parameter,
    readonly bias: Parameter | undefined,
  ) {
    this.#ops = ops;
    const [out] = weight.shape;
    this.#zeros = bias === undefined ? ops.escape(() => ops.float(new Float32Array(out), [out])) : undefined;
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

  /** Its own weights: the weight, and the bias if there is one. */
  get parameters(): readonly Parameter[] {
    return this.bias === undefined ? [this.weight] : [this.weight, this.bias];
  }

  get adapter(): LinearAdapter | undefined {
    return this.#adapter;
  }

  /** Adds an adapter to the layer, or removes it. */
  setAdapter(adapter: LinearAdapter | undefined): void {
    this.#adapter = adapter;
    this.weight.takeBack();
  }

  /** Replaces the weights that the layer uses, or restores its own. */
  use(substitutes?: Substitutes): void {
    const { weight, bias } = this;
    this.#used = { weight: substitutes?.get(weight) ?? weight, bias: (bias && substitutes?.get(bias)) ?? bias };
    for (const derived of this.#layouts) derived.keepOnly(weight);
  }

  /** Whether a backward pass computes gradients of weights here. */
  get hasTrainables(): boolean {
    return (
      this.#used.weight.trainable ||
      (this.#used.bias?.trainable ?? false) ||
      (this.#adapter?.parameters.some((p) => p.trainable) ?? false)
    );
  }

  /**
   * Whether the layer's own product and the adapter's update can be computed separately: the layer's weights are not
   * trained, and an adapter, if any, only adds a low-rank update.
   */
  isSeparable(pass: ForwardPass): boolean {
    const { weight, bias } = this.#used;
    const slices = this.#slices(pass);
    if (slices !== undefined) return slices.every(isSeparable);
    const trained = pass.kind === "training" && (weight.trainable || bias?.trainable === true);
    return !trained && (this.#adapter === undefined || this.#adapter.lowRank !== undefined);
  }

  /** The weights that the layer computes with. */
  get own(): Pick<AdaptedWeights, "weight" | "bias"> {
    return { weight: this.#used.weight.value, bias: this.#bias };
  }

  /** The adapter's part of y alone, [rows, out], for x [rows, in]. Undefined without an adapter. */
  update(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved } | undefined {
    const { ops } = pass;
    const slices = this.#slices(pass, x);
    if (slices !== undefined) {
      const y = segmentedUpdate(pass, x, { slices, outFeatures: this.outFeatures });
      return y && { y, saved: {} };
    }
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

  /** The gradient of x through the adapter alone. Undefined if it is not requested. */
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
    const slices = this.#slices(pass, x);
    if (slices !== undefined) return { y: segmentedForward(pass, x, { layer: this.#segmented, slices }), saved: {} };
    return ops.tidy(() => {
      const { weight } = this.#used;
      const bias = this.#bias;
      const kept = weight.trainable || this.#adapter !== undefined ? x : undefined;
      const lowRank = isRounded(pass) ? undefined : this.#adapter?.lowRank?.(pass, x);
      if (lowRank !== undefined)
        return {
          y: ops.affine(x, this.#packed(FORWARD), bias, lowRank.update),
          saved: { x: kept, adapter: lowRank.saved },
        };
      const base = isRounded(pass)
        ? ops.addBias(ops.matMulBfloat16(ops.toBfloat16(x), this.#forwardRounded.of(weight)), bias)
        : ops.affine(x, this.#packed(FORWARD), bias); // [rows, out]
      if (this.#adapter === undefined) return { y: base, saved: { x: kept } };
      const { y, saved } = this.#adapter.forward(pass, x, { y: base, base: this.#adapted() });
      return { y, saved: { x: kept, adapter: saved } };
    });
  }

  /** An activation of {@link forward}, and in training its derivative [rows, out]. */
  forwardActivated(
    pass: ForwardPass,
    x: Tensor,
    activation: Activation,
  ): { y: Tensor; derivative: Tensor | undefined; saved: LinearSaved } {
    const { ops } = pass;
    const options = { derivative: pass.kind === "training", activation };
    return ops.tidy(() => {
      if (this.#adapter === undefined && !isRounded(pass) && !this.#isChanged(pass, x)) {
        const { weight } = this.#used;
        const { y, derivative } = ops.affineGelu(x, this.#packed(FORWARD), this.#bias, options);
        return { y, derivative, saved: { x: weight.trainable ? x : undefined } };
      }
      const inner = this.forward(pass, x);
      const { y, derivative } = ops.gelu(inner.y, options);
      return { y, derivative, saved: inner.saved };
    });
  }

  /**
   * Computes dx [rows, in] from dy [rows, out], and adds the weights' gradients. Returns undefined if dx is not
   * requested.
   *
   * @param from.onward - further addends of dx, and a final factor
   */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LinearSaved; needsInput: boolean; onward?: ProductOptions },
  ): Tensor | undefined {
    return Linear.backwardOfAll(pass, [{ linear: this, dy, saved: from.saved }], from);
  }

  /** {@link backward} of several layers with the same input: dx is one sum over the layers. */
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
    for (const parameter of this.parameters) parameter.dispose();
    this.#ops.dispose(this.#zeros);
  }

  /** The bias that the layer computes with, [out]; zeros if it has none. */
  get #bias(): Tensor {
    const bias = this.#used.bias?.value ?? this.#zeros;
    if (bias === undefined) throw new TypeError(`${this.module} has no bias.`);
    return bias;
  }

  get #layouts(): readonly DerivedTensors<object>[] {
    return [this.#forward, this.#backward, this.#forwardRounded, this.#backwardRounded];
  }

  /** Adds the gradients of its weights and its adapter's. Returns the adapter's part of dx if requested. */
  #ownBackward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, needsInput }: { saved: LinearSaved; needsInput: boolean },
  ): Tensor | undefined {
    const { ops, gradients } = pass;
    const { weight, bias } = this.#used;
    // [out, in]
    if (weight.trainable) gradients.add(weight, () => ops.matMul(dy, expected(saved.x), { transposeA: true }));
    if (bias?.trainable === true) gradients.add(bias, () => ops.sum(dy, [0]));
    return this.updateBackward(pass, dy, { saved, needsInput });
  }

  /** The slices of x in a pass with segments. Without x, each slice's changes alone. */
  #slices(pass: ForwardPass, x?: Tensor): LinearSlice[] | undefined {
    const segments = segmentsOf(pass);
    if (segments === undefined) return undefined;
    const rows = x?.shape[0] ?? segments.reduce((sum, segment) => sum + segment.rows, 0);
    return linearSlices(this, { segments, rows });
  }

  /** Whether a segment changes the layer. */
  #isChanged(pass: ForwardPass, x: Tensor): boolean {
    return this.#slices(pass, x)?.some((slice) => slice.update !== undefined || !keepsWeights(slice)) === true;
  }

  get #segmented(): SegmentedLayer {
    return {
      outFeatures: this.outFeatures,
      affinePlus: (x, whole) => this.#ops.affine(x, this.#packed(FORWARD), this.#bias, { whole }),
      affine: (x, used) => {
        const { weight } = used ?? {};
        const packed = weight === undefined ? this.#packed(FORWARD) : this.#forward.of(weight);
        return this.#ops.affine(x, packed, used?.bias?.value ?? this.#bias);
      },
      adapted: (bias) => (bias === undefined ? this.#adapted() : this.#adapted(bias.value)),
    };
  }

  #adapted(bias = this.#bias): AdaptedWeights {
    const { weight } = this.#used;
    return {
      get weight() {
        return weight.value;
      },
      bias,
      product: (x) => this.#ops.product(x, this.#packed(FORWARD)),
      productBackward: (dy) => this.#ops.product(dy, this.#packed(BACKWARD)),
    };
  }

  /**
   * The current weight in packed form. If it is the layer's own and is not trained, only packed forms stay in memory.
   */
  #packed(direction: typeof FORWARD | typeof BACKWARD): PackedMatrix {
    const { weight } = this.#used;
    const packed = (direction.transpose ? this.#forward : this.#backward).of(weight);
    if (weight === this.weight && !weight.trainable) weight.setAside(() => this.#ops.unpack(packed, direction));
    this.#ops.recording?.relieve(MOST_SET_ASIDE);
    return packed;
  }
}

function expected(x: Tensor | undefined): Tensor {
  if (x === undefined)
    throw new TypeError("A backward pass needs a forward pass in which the same weights were trainable.");
  return x;
}

function isRounded(pass: ForwardPass): boolean {
  return pass.kind === "training" && pass.precision === "bfloat16";
}
