import { createHash } from "node:crypto";

import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { bytesOf } from "../../base/bytes-of";
import type { Problems } from "../../base/problems";
import { sha256Of } from "../../base/sha256-of";
import { shownText, shownValue } from "../../base/shown-value";
import type { TokenDocument } from "../../model/parts/packed-batch";
import type { Parameter } from "../../model/parts/parameter";
import type { ResolvedTrainOptions } from "../options/train-options";
import type { Examples } from "../data/training-examples";
import { trainingPrecision } from "../step/training-precision";

/** Everything that affects a run's numbers except a checkpoint's tensors, as plain JSON in two levels. */
export type RunIdentity = Readonly<Record<"options" | "data" | "model" | "adapter", Readonly<Record<string, unknown>>>>;

/** Options that affect only where and how often something is written, and an option's second name. */
const FREE: readonly (keyof ResolvedTrainOptions)[] = [
  "groupByLength",
  "outputDir",
  "resumeFrom",
  "signal",
  "saveSteps",
  "saveTotalLimit",
  "reportTo",
  "frozenPrefixCache",
  "frozenPrefixCacheDir",
  "frozenPrefixCacheLimit",
];

/** Collects everything that affects a run's numbers. Texts, tokens and frozen weights are given by their SHA-256. */
export async function runIdentity(
  classifier: SequenceClassifier,
  from: {
    options: ResolvedTrainOptions;
    train: Examples;
    validation: Examples | undefined;
    documents: readonly TokenDocument[];
  },
): Promise<RunIdentity> {
  const { options, train, validation, documents } = from;
  const { model, labels, problemType } = classifier;
  const frozen = createHash("sha256");
  for (const parameter of model.parameters())
    if (!parameter.trainable && !isReplaced(parameter, classifier))
      frozen.update(`${parameter.name} [${parameter.shape.join()}]`).update(bytesOf(await parameter.read()));
  const tokens = createHash("sha256");
  for (const { ids, types } of documents) {
    tokens.update(`${ids.length} `).update(bytesOf(ids));
    if (types !== undefined) tokens.update("types ").update(bytesOf(types));
  }
  const trainable = classifier.trainableParameters().map(({ name, shape }) => `${name} [${shape.join()}]`);
  return JSON.parse(
    JSON.stringify({
      // numTrainEpochs has no effect if maxSteps is given.
      options: Object.fromEntries(
        Object.entries(options).flatMap(([name, value]) =>
          (FREE as readonly string[]).includes(name)
            ? []
            : [[name, name === "numTrainEpochs" && options.maxSteps !== undefined ? null : (value ?? null)]],
        ),
      ),
      data: {
        train: hashOf(train),
        trainExamples: train.texts.length,
        validation: validation === undefined ? null : hashOf(validation),
        validationExamples: validation?.texts.length ?? 0,
        tokens: tokens.digest("hex"),
      },
      model: {
        ...model.config,
        labels,
        problemType,
        dropoutDraws: model.ops.draws,
        ...(trainingPrecision(model.ops, options) === "bfloat16" && { precision: "bfloat16" }),
        // On the processor, the cache changes no number.
        ...(options.frozenPrefixCache === true && !model.isBatchIndependent && { frozenPrefixCache: true }),
        frozenWeights: frozen.digest("hex"),
        trainableWeights: sha256Of(trainable.sort().join("\n")),
        method: classifier.method,
      },
      adapter: { ...classifier.adapter?.config },
    }),
  ) as RunIdentity;
}

/** Whether a weight that loading drew can be ignored: the adapter trains its own copy, which checkpoints hold. */
function isReplaced(parameter: Parameter, { adapter }: SequenceClassifier): boolean {
  return parameter.drawn && adapter?.saved.has(parameter) === true;
}

/** A checkpoint's options under their current names. */
function renamed({ groupByLength, ...rest }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (typeof groupByLength !== "boolean") return rest;
  return { trainSamplingStrategy: groupByLength ? "group_by_length" : "random", ...rest };
}

/** Reports every difference between a checkpoint's run and this one. */
export function noteDifferences(problems: Problems, { then, now }: { then: RunIdentity; now: RunIdentity }): void {
  const shown = (value: unknown): string =>
    value === undefined || value === null ? "not given" : shownValue(value, 200);
  for (const [group, values] of Object.entries(now)) {
    const earlier = then[group as keyof RunIdentity] ?? {};
    // checkpoints without this option are of runs before there was one
    const older = "frozenPrefixDropout" in values ? { frozenPrefixDropout: true } : {};
    const before = renamed({ ...older, ...earlier });
    for (const name of new Set([...Object.keys(before), ...Object.keys(values)])) {
      const what = shownText(group === "options" ? name : `the ${group}'s ${name}`, 100);
      const hashed = /^(train|validation|tokens|frozenWeights|trainableWeights)$/.test(name);
      problems.expect(
        JSON.stringify(before[name] ?? null) === JSON.stringify(values[name] ?? null),
        hashed
          ? `${DESCRIBED[name] ?? name} are others`
          : `${what} was ${shown(before[name])} and is ${shown(values[name])}`,
      );
    }
  }
}

const DESCRIBED: Readonly<Record<string, string>> = {
  train: "the training examples' texts or labels",
  validation: "the validation examples' texts or labels",
  tokens: "the training texts' tokens (tokenizer or maxLength)",
  frozenWeights: "the model's frozen weights",
  trainableWeights: "the names or shapes of the weights that are trained",
};

function hashOf({ texts, labels }: Examples): string {
  const hash = createHash("sha256");
  texts.forEach((text, i) => hash.update(JSON.stringify([text, labels[i]])));
  return hash.digest("hex");
}
