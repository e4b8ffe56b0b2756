import { cp } from "node:fs/promises";
import { join } from "node:path";

import { Problems } from "../../src/base/problems";
import { projectRoot } from "../../src/base/project-root";
import type { Random } from "../../src/base/random";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/ops/ops";
import { withDrawnModules } from "../../src/lora/drawn-modules";
import { ARCHITECTURES, typeOf } from "./architectures";
import type { LoraConfig } from "../../src/lora/lora-config";
import { toPeftConfig } from "../../src/lora/peft-config";
import { planAdapter } from "../../src/lora/plan-adapter";
import { resolveLoraConfig } from "../../src/lora/resolve-lora-config";
import type { ClassificationModel } from "../../src/model/classification-model";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { packDocuments } from "../../src/model/parts/packed-batch";
import type { Parameter } from "../../src/model/parts/parameter";
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";

/** The tiny models of the model types. */
export function fixturesOf(types: readonly string[]): string[] {
  return types.flatMap((type) => ARCHITECTURES[type].fixtures);
}

/** Token ids; the pad token 1 is not among them. */
export type Documents = readonly (readonly number[])[];

/** A random base model's folder: a tiny model with weights of its own, `lacking` a part of its head or not. */
export async function writeBase(
  fixture: string,
  { random, folder, lacking = false }: { random: Random; folder: string; lacking?: boolean },
): Promise<string> {
  const parts = ARCHITECTURES[typeOf(fixture)].lacking;
  const without = lacking ? parts[random.below(parts.length)] : undefined;
  const source = join(projectRoot(), "test", "fixtures", `tiny-${fixture}`);
  await cp(source, folder, { recursive: true });
  const file = await openSafetensors(join(source, "model.safetensors"));
  const tensors = [];
  for (const { name, shape } of file.entries.values()) {
    if (without?.test(name) === true) continue;
    const values = await file.readFloats(name);
    tensors.push({ name, shape, values: values.map((value) => value + 0.2 * random.normal()) });
  }
  await file.close();
  await writeSafetensors(join(folder, "model.safetensors"), { tensors, metadata: { format: "pt" } });
  return folder;
}

/** A classifier over a base's folder. Texts are never needed. */
export async function openBase(directory: string, ops: Ops, seed: number): Promise<SequenceClassifier> {
  const { model, newlyInitialized } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });
  return new SequenceClassifier({
    model,
    tokenizer: { maxLength: 20, encode: () => [] },
    labels: ["NEGATIVE", "POSITIVE"],
    origin: { id: "base", directory, notice: "" },
    newlyInitialized,
    seed,
  });
}

export function randomDocuments(random: Random): number[][] {
  return Array.from({ length: 2 + random.below(4) }, () =>
    Array.from({ length: 1 + random.below(14) }, () => 2 + random.below(46)),
  );
}

/** Logits in the documents' order, [documents, labels]. */
export async function logitsOf(model: ClassificationModel, documents: Documents): Promise<number[]> {
  const batch = packDocuments(documents.map((ids) => Int32Array.from(ids)));
  const packed = model.predict(batch);
  const values = await model.ops.read(packed);
  const width = model.numLabels;
  const rows: number[][] = [];
  batch.order.forEach((document, row) => (rows[document] = [...values.subarray(row * width, (row + 1) * width)]));
  model.ops.dispose(packed);
  return rows.flat();
}

/** Moves weights by random numbers, as training would. */
export async function moveWeights(
  parameters: readonly Parameter[],
  { random, ops, by }: { random: Random; ops: Ops; by: number },
): Promise<void> {
  for (const parameter of parameters) {
    const values = Float32Array.from(await ops.read(parameter.value), (value) => value + by * random.normal());
    parameter.assign(ops.float(values, parameter.shape));
  }
}

/** Options that may be drawn; all by default. */
interface Allowed {
  readonly bias?: boolean;
  /** PiSSA and OLoRA. */
  readonly takesOff?: boolean;
  readonly modulesToSave?: boolean;
}

/** A random configuration that means something on the model, over all options. */
export function randomConfig(model: ClassificationModel, random: Random, allow: Allowed = {}): LoraConfig {
  for (;;) {
    const config = drawConfig(model, random, allow);
    const problems = new Problems("");
    const resolved = withDrawnModules(resolveLoraConfig(config, { ...model.config, problems }), model);
    if (problems.count === 0) planAdapter(model, resolved, { problems, strict: true });
    if (problems.count === 0) return config;
  }
}

/**
 * A configuration as the arguments of peft's `LoraConfig`. Patterns come in their keys' order: peft sorts them when it
 * saves, and where two match a layer it would not read its own file back.
 */
export function peftArguments(model: ClassificationModel, config: LoraConfig): Record<string, unknown> {
  const json = toPeftConfig(resolveLoraConfig(config, { ...model.config, problems: new Problems("") }), "base");
  // Keys that the user does not set.
  const own = ["auto_mapping", "base_model_name_or_path", "peft_type", "revision", "inference_mode"];
  const sorted = (patterns: LoraConfig["rankPattern"]): Record<string, number> =>
    Object.fromEntries(Object.entries(patterns ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  const patterns = { rank_pattern: sorted(config.rankPattern), alpha_pattern: sorted(config.alphaPattern) };
  return {
    ...Object.fromEntries(Object.entries(json).filter(([key]) => !own.includes(key))),
    ...patterns,
    modules_to_save: config.modulesToSave ?? null,
  };
}

function drawConfig(
  model: ClassificationModel,
  random: Random,
  { bias = true, takesOff = true, modulesToSave = true }: Allowed,
): LoraConfig {
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)];
  const chance = (p: number): boolean => random.uniform() < p;
  const { numHiddenLayers, modelType } = model.config;
  const { parts, patterns, saved } = ARCHITECTURES[modelType];
  const names = model
    .linears()
    .map(({ module }) => module)
    .filter((name) => !name.includes("classifier"));
  const list = [
    ...new Set(Array.from({ length: 1 + random.below(4) }, () => (chance(0.2) ? pick(names) : pick(parts)))),
  ];
  const pattern = pick(patterns);
  const targetModules = pick<LoraConfig["targetModules"]>(["auto", "all-linear", list, list, list, pattern]);
  const some = <T>(p: number, key: string, value: () => T): Record<string, T> => (chance(p) ? { [key]: value() } : {});
  const layer = (): number => random.below(numHiddenLayers);
  const patternKey = (): string =>
    pick([...parts, ...names, `layer.${layer()}.*`, `.*\\.${layer()}\\..*`, parts.slice(0, 2).join("|")]);
  return {
    r: 1 + random.below(5),
    loraDropout: chance(0.5) ? 0 : 0.4 * random.uniform(),
    targetModules,
    ...some(0.8, "loraAlpha", () => (chance(0.5) ? 1 + random.below(8) : 0.5 + 6 * random.uniform())),
    ...some(0.25, "excludeModules", () => (chance(0.5) ? [pick(parts)] : `.*\\.${layer()}\\..*`)),
    ...some(modulesToSave ? 0.3 : 0, "modulesToSave", () => [pick(saved)]),
    ...(bias ? some(0.5, "bias", () => pick(["all", "lora_only"] as const)) : {}),
    ...some(0.35, "useRslora", () => true),
    ...some(0.35, "useDora", () => true),
    ...some(0.35, "rankPattern", () => ({
      [patternKey()]: 1 + random.below(6),
      ...(chance(0.5) ? { [patternKey()]: 1 + random.below(4) } : {}),
    })),
    ...some(0.35, "alphaPattern", () => ({
      [patternKey()]: 1 + random.below(9),
      ...(chance(0.5) ? { [patternKey()]: 0.5 + 3 * random.uniform() } : {}),
    })),
    ...(Array.isArray(targetModules) || targetModules === "auto"
      ? some(0.3, "layersToTransform", () => (chance(0.5) ? layer() : [...new Set([layer(), layer()])]))
      : {}),
    initLoraWeights: pick<LoraConfig["initLoraWeights"]>([
      true,
      true,
      "gaussian",
      false,
      ...(takesOff ? ["pissa" as const, "olora" as const] : []),
    ]),
  };
}
