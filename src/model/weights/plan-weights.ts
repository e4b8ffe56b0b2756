import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { EncoderConfig } from "../encoder-structure";
import type { DoubledWeight } from "./check-doubles";
import type { Checkpoint } from "./open-checkpoint";
import { isOfOtherHead, weightNames } from "./weight-names";

/** Inputs of {@link planWeights}. */
export interface PlanOptions {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly config: EncoderConfig;
  readonly labels: readonly string[] | undefined;
  readonly newHead: boolean;
}

/** Source of each weight in the files, and the weights that are drawn instead. */
export interface WeightPlan {
  readonly sources: ReadonlyMap<string, string>;
  readonly missing: readonly string[];
  readonly unused: readonly string[];
  /** Tensors that are the same weight as one in `sources`. */
  readonly doubles: readonly DoubledWeight[];
}

/**
 * Finds each weight in the file: under its full name, without the encoder's prefix, or under an old name from
 * TensorFlow.
 */
export function planWeights(file: Checkpoint, options: PlanOptions): WeightPlan {
  const { shapes, config, newHead } = options;
  const names = weightNames(config);
  checkHead(file, options);
  const problems = new Problems(`The weights ${shownPath(file.path)} do not fit their config.json`);
  const sources = new Map<string, string>();
  const missing: string[] = [];
  const isClassifier = (name: string): boolean => name.startsWith(`${names.head.classifier}.`);
  const ofHead = Object.values(names.head);
  const isHead = (name: string): boolean => ofHead.some((module) => name.startsWith(`${module}.`));
  const replaced: string[] = [];
  const doubles: DoubledWeight[] = [];
  for (const [name, shape] of shapes) {
    const [found, ...others] = namesOf(name, names.prefix).filter((candidate) => file.entries.has(candidate));
    for (const other of others) doubles.push({ source: found, other });
    const source = newHead && isClassifier(name) ? undefined : found;
    if (source === undefined && found !== undefined) {
      replaced.push(found);
      missing.push(name);
      continue;
    }
    if (source === undefined) {
      if (problems.expect(isHead(name), `"${name}" of shape [${shape.join(", ")}] is missing`)) missing.push(name);
      continue;
    }
    const actual = file.entries.get(source)?.shape ?? [];
    problems.expect(
      actual.join() === shape.join(),
      `"${source}" must have the shape [${shape.join(", ")}] by config.json; it has [${actual.join(", ")}]`,
    );
    sources.set(name, source);
  }
  const others = doubles.map(({ other }) => other);
  const used = new Set([...sources.values(), ...replaced, ...others]);
  const rest = [...file.entries.keys()].filter((name) => !used.has(name));
  for (const name of rest) problems.expect(isOfOtherHead(name, config), `${shownValue(name)} is unexpected`);
  problems.throwIfAny("bad-input");
  return { sources, missing, unused: [...replaced, ...others, ...rest], doubles };
}

/** The names that a weight can have in a file: full, without the encoder's prefix, and as TensorFlow has a norm's. */
function namesOf(name: string, prefix: string): readonly string[] {
  const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  const names = [name, bare].flatMap((n) => [
    n,
    n.replace(/(norm)\.weight$/i, "$1.gamma").replace(/(norm)\.bias$/i, "$1.beta"),
  ]);
  return [...new Set(names)];
}

/** Refuses a checkpoint whose head has another number of labels, before other weights are compared. */
function checkHead(file: Checkpoint, { shapes, config, labels, newHead }: PlanOptions): void {
  const name = `${weightNames(config).head.classifier}.weight`;
  const [asked] = shapes.get(name) ?? [];
  const shape = file.entries.get(name)?.shape;
  if (newHead || shape?.length !== 2) return;
  const width = shapes.get(name)?.[1] ?? 0;
  if (shape[0] === asked) return checkOrder(labels, config);
  const named = config.id2label?.length === shape[0] ? ` (${shownNames(config.id2label)})` : "";
  throw new TsloraError(
    "bad-input",
    `The model's head has ${shape[0]} labels${named}; ${asked} labels were requested ("${name}" has the shape [${shape.join(", ")}] instead of [${asked}, ${width}]). ` +
      `Give ${shape[0]} labels to use its head, or the option newHead: true to train a new head for ${asked}.`,
    { details: { headLabels: shape[0], labels: asked, weights: file.path } },
  );
}

/** Refuses labels that the checkpoint's head has in another order: each label would get another label's scores. */
function checkOrder(labels: readonly string[] = [], { id2label = [] }: EncoderConfig): void {
  const own = id2label.map((name) => name.toLowerCase());
  const moved = labels.filter((name, i) => own.includes(name.toLowerCase()) && own[i] !== name.toLowerCase());
  if (moved.length === 0) return;
  const listed = (names: readonly string[]): string =>
    `${names
      .slice(0, 8)
      .map((name, i) => `${i} ${shownValue(name)}`)
      .join(", ")}${names.length > 8 ? ", …" : ""}`;
  throw new TsloraError(
    "bad-input",
    `The model's head has the labels in another order: it has ${listed(id2label)}; got ${listed(labels)}. ` +
      "Give them in the model's order, or the option newHead: true to train a new head.",
    { details: { headLabels: [...id2label], labels: [...labels] } },
  );
}
