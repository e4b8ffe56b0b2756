import type { DataFrame } from "danfojs-node";

import { defaultLabels } from "../../classifier/default-labels";
import { findLeaks } from "../../corpus/split/find-leaks";
import type { EncoderConfig } from "../../model/encoder-config";
import { loadTexts, type LoadedTexts } from "../inputs/load-texts";
import { SPLIT_DEFAULTS, type PartOfData } from "../options/shared-options";
import { missingClassNotices } from "./missing-classes";
import { groupsOf, partData, type Parts } from "./part-data";
import type { TrainPlan } from "./plan-train";

/** The options of a run's texts. */
export type DataPlan = Pick<TrainPlan, "model" | "data" | "split">;

/** A run's texts and the names of their classes. */
export interface LoadedParts extends Parts {
  readonly labels: readonly string[];
  readonly loaded: LoadedTexts;
}

/**
 * Loads and splits the data, and names the classes: by the option, else by the data, else by the model. Reports texts
 * that the parts have in common.
 */
export async function loadParts(
  plan: DataPlan,
  options: { config: EncoderConfig; notice: (text: string) => void; signal: AbortSignal },
): Promise<LoadedParts> {
  const { config, notice, signal } = options;
  const part: PartOfData = { kind: "share", share: SPLIT_DEFAULTS.part };
  const { validation = part, test = part, stratify, randomState } = { ...SPLIT_DEFAULTS, ...plan.split };
  const given = plan.model.labels;
  const data = { ...plan.data, groupColumn: plan.split.groupColumn };
  const { loaded, labels: ofModel } = await loadWithLabels(data, { given, config, notice, signal });
  const labels =
    given ?? ofModel ?? loaded.classNames ?? defaultLabels(config.id2label, loaded.corpus.report.classes.length);
  const grouped = plan.split.groupColumn !== undefined;
  const parts = partData(loaded.frame, { validation, test, stratify, randomState, labels, grouped });
  const own = async (part: PartOfData, drawn: DataFrame | undefined): Promise<DataFrame | undefined> =>
    part.kind === "path"
      ? (await loadTexts({ ...data, data: part.path }, { labels, allowMissingClasses: true, notice, signal })).frame
      : drawn;
  const all = {
    train: parts.train,
    validation: await own(validation, parts.validation),
    test: await own(test, parts.test),
  };
  const rows = (frame: DataFrame | undefined): number => frame?.shape[0] ?? 0;
  notice(
    `Parts: ${rows(all.train)} texts to train on, ${rows(all.validation)} for validation, ${rows(all.test)} to test on${stratify ? ", stratified" : ""}${grouped ? `; ${groupsOf(loaded.frame).size} groups, none of them divided` : ""}, random state ${randomState}.`,
  );
  notice(`Labels: ${labels.map((name, i) => `${i} ${name}`).join(", ")}.`);
  for (const text of missingClassNotices(all, { labels, loaded: loaded.frame })) notice(text);
  const trained = groupsOf(all.train);
  for (const name of ["validation", "test"] as const) {
    const part = all[name];
    if (part === undefined) continue;
    const divided = [...groupsOf(part)].filter((group) => trained.has(group)).length;
    if (divided > 0)
      notice(
        `Warning: ${divided} groups of the ${name} texts also have training texts, so the ${name} scores are too good.`,
      );
    const { byId, byText } = findLeaks(all.train, part);
    const file = { validation, test }[name].kind === "path"; // rows of two files may have the same numbers
    const shared = file ? byText.length : byId.length + byText.length;
    if (shared > 0)
      notice(`Warning: ${shared} ${name} texts are also among the training texts, so the ${name} scores are too good.`);
  }
  return {
    ...all,
    labels,
    loaded,
  };
}

/**
 * Loads the data. If their labels are the model's in another order, they get the model's numbers, so a trained head of
 * the model keeps its meaning.
 */
async function loadWithLabels(
  data: Parameters<typeof loadTexts>[0],
  options: {
    given: readonly string[] | undefined;
    config: EncoderConfig;
    notice: (text: string) => void;
    signal: AbortSignal;
  },
): Promise<{ loaded: LoadedTexts; labels?: readonly string[] }> {
  const { given, config, notice, signal } = options;
  if (given !== undefined) return { loaded: await loadTexts(data, { notice, signal, labels: given }) };
  const notices: string[] = [];
  const loaded = await loadTexts(data, { notice: (text) => void notices.push(text), signal });
  const { id2label = [] } = config;
  const names = loaded.classNames ?? [];
  const isTurned =
    names.length === id2label.length &&
    names.every((name) => id2label.includes(name)) &&
    names.some((name, i) => name !== id2label[i]);
  if (isTurned) return { loaded: await loadTexts(data, { notice, signal, labels: id2label }), labels: id2label };
  notices.forEach(notice);
  return { loaded };
}
