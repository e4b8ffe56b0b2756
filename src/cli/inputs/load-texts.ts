import type { DataFrame } from "danfojs-node";

import { shownPath } from "../../base/shown-path";
import { shortList } from "../../base/short-list";
import { TsloraError } from "../../base/tslora-error";
import { cleanTexts } from "../../corpus/text/clean-text";
import type { Corpus } from "../../corpus/corpus";
import { loadCorpus } from "../../corpus/load-corpus";
import { readFrame } from "../../corpus/read-frame";
import { withColumns } from "../../corpus/with-columns";
import { DATA_OPTIONS } from "../options/shared-options";
import type { OptionValues } from "../options/option-table";
import { flagsInMessage } from "../terminal/flags-in-messages";
import { asksForSeveralLabels } from "./several-labels";

/** Texts for training or evaluation, and where they come from. */
export interface LoadedTexts {
  readonly frame: DataFrame;
  readonly corpus: Corpus;
  /** Names of the classes in the data, if the data have names. */
  readonly classNames?: readonly string[];
}

/**
 * Loads labelled texts. By default, texts in the study's format are cleaned as in the study. A table's labels are
 * matched with the model's by name, or by number if they are numbers. If a text may have several labels, the frame has
 * a column for each.
 *
 * @param options.labels - the model's labels, if they are known
 * @param options.allowMissingClasses - for evaluation, whose texts may lack a class
 * @throws TsloraError `bad-input` if the data's labels do not match the model's.
 */
export async function loadTexts(
  values: OptionValues<typeof DATA_OPTIONS> & { readonly groupColumn?: string },
  options: {
    labels?: readonly string[];
    allowMissingClasses?: boolean;
    notice: (text: string) => void;
    signal?: AbortSignal;
  },
): Promise<LoadedTexts> {
  const { data = "auto", cleanTexts: clean, quotes, ...columns } = values;
  const { labels, allowMissingClasses = false, notice, signal } = options;
  const several = asksForSeveralLabels(columns);
  const corpus = await loadCorpus(data, {
    ...columns,
    quote: quotes,
    allowMissingClasses,
    signal,
    ...(several && labels !== undefined ? { labels } : {}),
  });
  const table = corpus.format !== "study";
  const cleans = clean ?? !table;
  const matched = several ? corpus : matchLabels(corpus, { table, labels });
  const withFlags = (text: string): string =>
    flagsInMessage(text, { command: "", groups: [{ title: "Data", options: DATA_OPTIONS }] });
  notice(withFlags(`${matched.notice}${cleans ? " The texts are cleaned as in the study." : ""}`));
  for (const { name, message } of corpus.report.problems) notice(withFlags(`Left out: ${name}: ${message}`));
  if (corpus.banner !== undefined) notice(corpus.banner);
  const names = corpus.report.classes.map(({ name }) => name);
  const named = table && names.some((name, i) => name !== String(i));
  return { frame: cleans ? cleanTexts(matched.frame) : matched.frame, corpus, ...(named ? { classNames: names } : {}) };
}

function matchLabels(
  corpus: Corpus,
  { table, labels }: { table: boolean; labels?: readonly string[] },
): { frame: DataFrame; notice: string } {
  const { frame, notice, report, source } = corpus;
  if (labels === undefined) return { frame, notice };
  const { classes } = report;
  const shown = `The data's labels are ${shortList(classes.map(({ name }) => JSON.stringify(name)))}; the model's are ${shortList(labels.map((name, i) => `${i} ${JSON.stringify(name)}`))}.`;
  const unknown = classes.filter(({ name }) => !labels.includes(name)).map(({ name }) => JSON.stringify(name));
  if (!table) {
    if (classes.length <= labels.length) return { frame, notice };
    throw new TsloraError("bad-input", `${shown} The data have more.`);
  }
  const byName = classes.every(({ name }) => labels.includes(name));
  const byNumber = classes.every(({ name }) => /^\d+$/.test(name) && Number(name) < labels.length);
  if (!byName && !byNumber)
    throw new TsloraError(
      "bad-input",
      `${shown} The model has no ${shortList(unknown)}. They must be the same names, or numbers from 0 to ${labels.length - 1}. Give --labels, the model's in its order, or another --label-column.`,
    );
  const numbers = classes.map(({ name }) => (byName ? labels.indexOf(name) : Number(name)));
  if (numbers.every((number, i) => number === classes[i].label)) return { frame, notice };
  const { label } = readFrame(frame);
  const turned = new Map(classes.map((one, i) => [one.label, numbers[i]]));
  const counts = classes.map(({ name, count }, i) => `${count} of label ${numbers[i]} (${name})`).join(", ");
  return {
    frame: withColumns(frame, { label: label.map((one) => turned.get(one) ?? 0) }),
    notice: `Data: ${report.counts.kept} texts, ${counts}, from ${shownPath(source.path)}. Labels are matched with the model's by ${byName ? "name" : "number"}.`,
  };
}
