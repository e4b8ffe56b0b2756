import type { Random } from "../base/random";
import type { Tensor } from "../ops/tensor";
import type { ClassificationModel } from "../model/classification-model";
import { Parameter } from "../model/parts/parameter";
import { Adapter, PEFT_PREFIX } from "./adapter";
import { DoraLinear, rowLengths } from "./dora-linear";
import { firstWeights } from "./first-weights";
import { LoraLinear, type LoraUpdate } from "./lora-linear";
import type { AdapterPlan, PlannedLayer } from "./plan-adapter";

/** A weight of an adapter, with its name in peft's file. */
export interface ExpectedWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

interface LayerTensors {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly magnitude?: Tensor;
  readonly residual?: Tensor;
}

/** Every weight that an adapter of this plan has in its file. */
export function expectedWeights(plan: AdapterPlan): ExpectedWeight[] {
  const { layers, biases, saved, config } = plan;
  const ofLayers = layers.flatMap(({ linear, r }) => [
    { name: weightName(linear.module, "lora_A.weight"), shape: [r, linear.inFeatures] },
    { name: weightName(linear.module, "lora_B.weight"), shape: [linear.outFeatures, r] },
    ...(config.useDora
      ? [{ name: weightName(linear.module, "lora_magnitude_vector"), shape: [linear.outFeatures] }]
      : []),
  ]);
  return [
    ...ofLayers,
    ...biases.map((bias) => ({ name: biasName(plan, bias), shape: bias.shape })),
    ...saved.map(({ name, shape }) => ({ name: `${PEFT_PREFIX}${name}`, shape })),
  ];
}

/**
 * Makes an adapter by a plan, with new weights, or with those in `given` under their names in peft's file. In both
 * cases it computes the residual weights of PiSSA and OLoRA again, as peft does on loading. A copy of a drawn weight is
 * marked as `drawn` too. Does not change the model.
 *
 * @param options.random - draws A, and B unless B is 0
 * @param options.given - the adapter takes these tensors over
 * @param options.isNew - whether the adapter was not read from files. @default true without `given`
 */
export function buildAdapter(
  model: ClassificationModel,
  plan: AdapterPlan,
  options: { name: string; random: Random; given?: ReadonlyMap<string, Tensor>; isNew?: boolean },
): Adapter {
  const { ops } = model;
  const { config } = plan;
  const { name, random, given } = options;
  const copy = (parameter: Parameter): Tensor => ops.reshape(parameter.value, parameter.shape);
  // Makes plain tensors first: if anything fails, the scope frees them.
  const made = ops.escape(() => ({
    layers: plan.layers.map((layer) => layerTensors(model, layer, { plan, random, given })),
    biases: plan.biases.map((bias) => given?.get(biasName(plan, bias)) ?? copy(bias)),
    saved: plan.saved.map((parameter) => given?.get(`${PEFT_PREFIX}${parameter.name}`) ?? copy(parameter)),
  }));
  const updates = new Map<string, LoraUpdate>();
  const residuals = new Map<Parameter, Parameter>();
  plan.layers.forEach(({ linear, scaling }, i) => {
    const { a, b, magnitude, residual } = made.layers[i];
    const parameter = (part: string, value: Tensor): Parameter =>
      new Parameter(ops, weightName(linear.module, part), value);
    const pair = { a: parameter("lora_A.weight", a), b: parameter("lora_B.weight", b) };
    const { loraDropout } = config;
    updates.set(
      linear.module,
      magnitude === undefined
        ? new LoraLinear(pair, { scaling, loraDropout })
        : new DoraLinear(
            { ...pair, magnitude: parameter("lora_magnitude_vector", magnitude) },
            { scaling, loraDropout },
          ),
    );
    if (residual !== undefined) residuals.set(linear.weight, new Parameter(ops, linear.weight.name, residual));
  });
  const copies = (
    of: readonly Parameter[],
    values: readonly Tensor[],
    named: (p: Parameter) => string,
  ): Map<Parameter, Parameter> =>
    new Map(
      of.map((own, i) => {
        const parameter = new Parameter(ops, named(own), values[i]);
        parameter.drawn = own.drawn && given?.has(named(own)) !== true;
        return [own, parameter];
      }),
    );
  return new Adapter(model, {
    name,
    isNew: options.isNew ?? given === undefined,
    awaitsEva: given === undefined && config.initLoraWeights === "eva",
    config,
    updates,
    saved: copies(plan.saved, made.saved, (own) => `${PEFT_PREFIX}${own.name}`),
    biases: copies(plan.biases, made.biases, (own) => biasName(plan, own)),
    residuals,
  });
}

function layerTensors(
  { ops }: ClassificationModel,
  layer: PlannedLayer,
  from: { plan: AdapterPlan; random: Random; given?: ReadonlyMap<string, Tensor> },
): LayerTensors {
  const { config } = from.plan;
  const { linear, scaling } = layer;
  const given = (part: string): Tensor | undefined => from.given?.get(weightName(linear.module, part));
  return ops.tidy(() => {
    const takesOff = config.initLoraWeights === "pissa" || config.initLoraWeights === "olora";
    const [a, b] = [given("lora_A.weight"), given("lora_B.weight")];
    const isWhole = a !== undefined && b !== undefined;
    const first =
      isWhole && !takesOff ? { a, b } : firstWeights(ops, layer, { init: config.initLoraWeights, random: from.random });
    const pair = isWhole ? { a, b, residual: first.residual } : first;
    if (!config.useDora) return pair;
    return {
      ...pair,
      magnitude:
        given("lora_magnitude_vector") ??
        rowLengths(ops, pair.residual ?? linear.weight.value, { a: pair.a, b: pair.b, scaling }),
    };
  });
}

/** Name of an adapted layer's weight in peft's file. */
export function weightName(module: string, part: string): string {
  return `${PEFT_PREFIX}${module}.${part}`;
}

/** Name of a trained bias in peft's file. That of an adapted layer is in its `base_layer`. */
export function biasName({ layers }: AdapterPlan, bias: Parameter): string {
  const adapted = layers.find(({ linear }) => linear.bias === bias);
  return adapted === undefined ? `${PEFT_PREFIX}${bias.name}` : weightName(adapted.linear.module, "base_layer.bias");
}
