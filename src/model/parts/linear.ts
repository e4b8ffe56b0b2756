import type { Int8Matrix, Int8Products } from "../../ops/int8-products";
import type { Activation, Ops, PackedMatrix, Precision, ProductOptions, Update } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { CachedLayouts } from "./cached-layouts";
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

/** A layer and the gradient of its output, for {@link Linear.backwardOfAll}. */
export interface Through {
  readonly linear: Linear;
  /** [rows, out] */
  readonly dy: Tensor;
  readonly saved: LinearSaved;
}

const FORWARD = { transpose: true } as const;
const BACKWARD = { transpose: false } as const;
type Direction = typeof FORWARD | typeof BACKWARD;

/** The packed forms of weights for one direction, in each precision. */
type Layouts = Readonly<Record<Precision, CachedLayouts<PackedMatrix>>>;

function layoutsOf(ops: Ops, direction: Direction): Layouts {
  const packed = (precision: Precision): CachedLayouts<PackedMatrix> =>
    new CachedLayouts(ops, (value) => ops.pack(value, { ...direction, precision }));
  return { float32: packed("float32"), bfloat16: packed("bfloat16") };
}

/** Terms of a layer's product. */
interface Affine {
  readonly bias: Tensor;
  readonly precision?: Precision | undefined;
  readonly update?: Update | undefined;
}

/** Bytes of weights that recorded operations pack before they run: until then both forms are in memory. */
const MOST_SET_ASIDE = 2 ** 26;

/** y = x W' + b, with W in PyTorch's layout (out, in). */
export class Linear {
  readonly #ops: Ops;
  // The weight, packed for its products: x W' in the forward pass, dy W in the backward pass. Once a packed form
  // exists, the unpacked weight can be freed.
  readonly #forward: Layouts;
  readonly #backward: Layouts;
  #used: { readonly weight: Parameter; readonly bias: Parameter | undefined };
  /** A bias of zeros, for a layer without bias. */
  readonly #zeros: Tensor | undefined;
  #adapter: LinearAdapter | undefined;
  /** The layer's own weight in 8 bits. */
  #int8: { readonly products: Int8Products; readonly matrix: Int8Matrix } | undefined;

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
    this.#forward = layoutsOf(ops, FORWARD);
    this.#backward = layoutsOf(ops, BACKWARD);
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

  /** Whether the layer's own weight is in 8 bits. */
  get isInt8(): boolean {
    return this.#int8 !== undefined;
  }

  /**
   * Replaces the layer's own weight by 8-bit numbers, and frees its 32-bit copies. The weight is then what the 8-bit
   * numbers are; where it is needed in 32 bits it is made again. The layer computes forward passes of evaluation only.
   *
   * @param matrix - the layer takes it over
   */
  useInt8(products: Int8Products, matrix: Int8Matrix): void {
    if (this.#int8 !== undefined) throw new TypeError(`${this.module} is in 8 bits already.`);
    for (const layout of this.#layouts) layout.keepOnly(undefined);
    this.#int8 = { products, matrix };
    this.weight.assignAside(() => products.dequantize(matrix));
  }

  /** Replaces the weights that the layer uses, or restores its own. */
  use(substitutes?: Substitutes): void {
    const { weight, bias } = this;
    this.#used = { weight: substitutes?.get(weight) ?? weight, bias: (bias && substitutes?.get(bias)) ?? bias };
    for (const layout of this.#layouts) layout.keepOnly(weight);
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
   * Whether the layer's own product and the adapter's update can be computed separately. They can if the layer's
   * weights are not trained, and the adapter, if there is one, only adds a low-rank update.
   */
  isSeparable(pass: ForwardPass): boolean {
    const { weight, bias } = this.#used;
    const slices = this.#slices(pass);
    if (slices !== undefined) return slices.every(isSeparable);
    const trained = pass.kind === "training" && (weight.trainable || bias?.trainable === true);
    return !trained && (this.#adapter === undefined || this.#adapter.lowRank !== undefined);
  }

  /** The bias that the layer computes with, [out]. */
  get ownBias(): Tensor {
    return this.#bias;
  }

  /** The weight that the layer computes with, [out, in]: the layer's, or in 8 bits a new tensor of the scope. */
  get ownWeight(): Tensor {
    const int8 = this.#int8InUse;
    return int8 === undefined ? this.#used.weight.value : int8.products.dequantize(int8.matrix);
  }

  /** Only the adapter's part of y, [rows, out], for x [rows, in]. Undefined without an adapter. */
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

  /** The gradient of x through the adapter only. Undefined if it is not requested. */
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
      const lowRank = this.#adapter?.lowRank?.(pass, x);
      const precision = precisionOf(pass);
      if (lowRank !== undefined)
        return {
          y: this.#affine(x, { bias, precision, update: lowRank.update }),
          saved: { x: kept, adapter: lowRank.saved },
        };
      const base = this.#affine(x, { bias, precision }); // [rows, out]
      if (this.#adapter === undefined) return { y: base, saved: { x: kept } };
      const { y, saved } = this.#adapter.forward(pass, x, { y: base, base: this.#adapted() });
      return { y, saved: { x: kept, adapter: saved } };
    });
  }

  /** {@link forward} with an activation; in training also the activation's derivative [rows, out]. */
  forwardActivated(
    pass: ForwardPass,
    x: Tensor,
    activation: Activation,
  ): { y: Tensor; derivative: Tensor | undefined; saved: LinearSaved } {
    const { ops } = pass;
    const options = { derivative: pass.kind === "training", activation };
    return ops.tidy(() => {
      if (this.#adapter === undefined && !this.#isChanged(pass, x)) {
        const { weight } = this.#used;
        const int8 = this.#int8InUse;
        if (int8 !== undefined)
          return {
            y: int8.products.affine(x, int8.matrix, { bias: this.#bias, activation }),
            derivative: undefined,
            saved: {},
          };
        const { y, derivative } = ops.affineGelu(x, this.#packed(FORWARD, precisionOf(pass)), this.#bias, options);
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
   * @param from.onward - further addends of dx, and a factor for the sum
   */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LinearSaved; needsInput: boolean; onward?: ProductOptions },
  ): Tensor | undefined {
    return Linear.backwardOfAll(pass, [{ linear: this, dy, saved: from.saved }], from);
  }

  /** {@link backward} for several layers with the same input. Sums dx over the layers in one call. */
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
      return ops.products(
        layers.map(({ linear, dy }) => ({ x: dy, w: linear.#packed(BACKWARD, pass.precision) })),
        { plus, times: onward.times },
      );
    });
  }

  dispose(): void {
    for (const layout of this.#layouts) layout.keepOnly(undefined);
    for (const parameter of this.parameters) parameter.dispose();
    this.#ops.dispose(this.#zeros);
    if (this.#int8 !== undefined) this.#ops.disposeIn(this.#int8.matrix);
  }

  /** The bias that the layer computes with, [out]; zeros if it has none. */
  get #bias(): Tensor {
    const bias = this.#used.bias?.value ?? this.#zeros;
    if (bias === undefined) throw new TypeError(`${this.module} has no bias.`);
    return bias;
  }

  /** The 8-bit weight, if the layer computes with its own. */
  get #int8InUse(): { readonly products: Int8Products; readonly matrix: Int8Matrix } | undefined {
    return this.#used.weight === this.weight ? this.#int8 : undefined;
  }

  /** x W' + bias, plus an update, with the weight in use. */
  #affine(x: Tensor, { bias, precision, update }: Affine): Tensor {
    const int8 = this.#int8InUse;
    return int8 === undefined
      ? this.#ops.affine(x, this.#packed(FORWARD, precision), bias, update)
      : int8.products.affine(x, int8.matrix, { bias, update });
  }

  get #layouts(): readonly CachedLayouts<PackedMatrix>[] {
    return [this.#forward, this.#backward].flatMap(({ float32, bfloat16 }) => [float32, bfloat16]);
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

  /** The slices of the input in a pass with segments. Without x, the rows of all segments count. */
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
      affinePlus: (x, whole) => this.#affine(x, { bias: this.#bias, update: { whole } }),
      affine: (x, used) => {
        const bias = used?.bias?.value ?? this.#bias;
        return used?.weight === undefined
          ? this.#affine(x, { bias })
          : this.#ops.affine(x, this.#forward.float32.of(used.weight), bias);
      },
      adapted: (bias) => (bias === undefined ? this.#adapted() : this.#adapted(bias.value)),
    };
  }

  #adapted(bias = this.#bias): AdaptedWeights {
    const weight = (): Tensor => this.ownWeight;
    return {
      get weight() {
        return weight();
      },
      bias,
      product: (x) => this.#ops.product(x, this.#packed(FORWARD)),
      productBackward: (dy) => this.#ops.product(dy, this.#packed(BACKWARD)),
    };
  }

  /**
   * The current weight in packed form. If it is the layer's own and is not trained, a 32-bit packed form replaces it in
   * memory. One in bfloat16 cannot: it is rounded.
   */
  #packed(direction: Direction, precision: Precision = "float32"): PackedMatrix {
    const { weight } = this.#used;
    const packed = (direction.transpose ? this.#forward : this.#backward)[precision].of(weight);
    const isWhole = precision === "float32" && weight === this.weight && !weight.trainable;
    if (isWhole) weight.setAside(() => this.#ops.unpack(packed, direction));
    this.#ops.recording?.relieve(MOST_SET_ASIDE);
    return packed;
  }
}

function expected(x: Tensor | undefined): Tensor {
  if (x === undefined)
    throw new TypeError("A backward pass needs a forward pass in which the same weights were trainable.");
  return x;
}

function precisionOf(pass: ForwardPass): Precision | undefined {
  return pass.kind === "training" ? pass.precision : undefined;
}
