import { basename } from "node:path";

import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { Corpus } from "../../corpus/corpus";
import type { CardData, ModelCardInfo } from "../../hub/card/model-card";
import { TRAINING_SETTINGS } from "../../hub/card/training-settings";
import type { ResolvedModel } from "../../hub/resolve-model";
import { resolveTrainOptions } from "../../training/options/resolve-train-options";
import type { TrainSummary } from "../../training/train-event";
import type { LoadedParts } from "./load-parts";
import type { TrainPlan } from "./plan-train";

/** A finished run, for its card. */
export interface CardSource {
  readonly plan: TrainPlan;
  readonly model: ResolvedModel;
  readonly parts: LoadedParts;
  readonly training: TrainSummary;
  readonly notices: readonly string[];
  readonly scores: Pick<ModelCardInfo, "after" | "before" | "baseline" | "validation">;
}

/** The facts of a run that its model card states. */
export function cardOfRun(classifier: SequenceClassifier, run: CardSource): ModelCardInfo {
  const { plan, model, parts, training, scores, notices } = run;
  const { corpus } = parts.loaded;
  return {
    baseModel: model.id,
    method: plan.method,
    data: dataOf(corpus, parts),
    seed: classifier.seed,
    labels: classifier.labels,
    problemType: plan.problemType,
    maxLength: classifier.tokenizer.maxLength,
    trainableParameters: classifier.countParameters(),
    adapter: { ...classifier.adapter?.config, taskType: undefined },
    training: settingsOf(plan, parts),
    steps: { done: training.steps, best: training.bestStep },
    elapsed: training.elapsedSeconds,
    device: classifier.device?.name,
    banner: corpus.banner,
    warnings: notices.filter((text) => text.startsWith("Warning: ")),
    ...scores,
  };
}

function dataOf({ source }: Corpus, { train, validation, test }: LoadedParts): CardData {
  const names: Readonly<Record<string, string>> = { sample: "the embedded sample", pubmed: "abstracts from PubMed" };
  return {
    name: names[source.kind] ?? basename(source.path),
    kind: source.kind,
    sha256: "sha256" in source ? source.sha256 : undefined,
    texts: { train: train.shape[0], validation: validation?.shape[0], test: test?.shape[0] },
  };
}

/** The values that the run used, whether given or by default. */
function settingsOf(plan: TrainPlan, { labels, validation }: LoadedParts): Readonly<Record<string, unknown>> {
  const { method, problemType } = plan;
  const { outputDir } = plan;
  const given = { ...plan.train, outputDir, train: [], ...(validation === undefined ? {} : { validation: [] }) };
  const resolved = resolveTrainOptions(given, { method, problemType, numLabels: labels.length });
  return Object.fromEntries(TRAINING_SETTINGS.map((name) => [name, resolved[name]]));
}
