import { formatNumber, formatShare } from "../../figures/format";
import type { DataFacts } from "../evidence/evidence";
import { SOURCES, type ChecklistAnswer, type ChecklistAnswers, type FactsForChecklist } from "./checklist-answer";

/** Answers about title, abstract, introduction and methods. */
export function methodAnswers(facts: FactsForChecklist): ChecklistAnswers {
  const { title, subject, findings, results, data } = facts;
  return {
    1: { text: title, source: SOURCES.summary, authorsAdd: "the population from which the texts come" },
    2: {
      text: `The summary names question, data, method, results with intervals, and limits. ${findings[0] ?? ""}`.trim(),
      source: SOURCES.summary,
    },
    4: { text: `Development and evaluation in one run. ${facts.question}`, source: SOURCES.question },
    8: {
      text: `The outcome is a label of each text: ${subject.labels.join(", ")}.`,
      source: SOURCES.data,
      authorsAdd: "who assigned the labels, how, and whether the assessors knew the predictors",
    },
    15: {
      text: `A probability for each label. The predicted label is the most probable one, or the first of several equally probable ones${subject.labels.length === 2 ? ": a threshold of 0.5" : ""}.`,
      source: SOURCES.method,
    },
    16: {
      text: `Development and evaluation use parts of the same source, ${subject.dataName}; they differ only by the split.`,
      source: SOURCES.method,
      authorsAdd: "differences in setting or labelling, if other texts were evaluated",
    },
    12: analysis(facts),
    ...(data === undefined ? {} : dataAnswers(data, { after: results.after.n, audit: facts.audit })),
  };
}

function dataAnswers(
  data: DataFacts,
  { after, audit }: { after: number; audit: FactsForChecklist["audit"] },
): ChecklistAnswers {
  const { source, entries, labels, parts, tokens } = data;
  const all = parts.reduce((sum, { texts }) => sum + texts, 0);
  const counts = labels.map(
    ({ name }, label) => `${name} ${formatNumber(parts.reduce((sum, { perLabel }) => sum + perLabel[label], 0))}`,
  );
  return {
    5: {
      text: `${formatNumber(all)} labelled texts from ${source.file ?? "the embedded sample"}; the SHA-256 of the source and of the texts are given.`,
      source: SOURCES.left,
      authorsAdd: "the dates of the texts, and whom they represent",
    },
    6: {
      text: `${formatNumber(entries.read)} entries were read, ${formatNumber(entries.kept)} kept and ${formatNumber(entries.leftOut)} left out.`,
      source: SOURCES.left,
      authorsAdd: "the setting and the criteria by which the texts were collected",
    },
    7: preparation(data, audit),
    9: {
      text: `The text alone, as tokens of the model's own tokenizer, cut to ${formatNumber(tokens.maxLength)} tokens. No words were chosen by hand.`,
      source: SOURCES.method,
    },
    10: {
      text: `All available texts were used: ${parts.map(({ name, texts }) => `${formatNumber(texts)} for ${name}`).join(", ")}. ${formatNumber(after)} test texts decide the width of the intervals.`,
      source: SOURCES.parts,
      authorsAdd: "a calculation of the size that was needed, if there was one",
    },
    11: {
      text: `${formatNumber(entries.leftOut)} entries without a usable text or label were left out; nothing was imputed.`,
      source: SOURCES.left,
    },
    13: {
      text: `The classes have ${counts.join(", ")} texts. No text was resampled, and each text has the same weight.`,
      source: SOURCES.parts,
    },
  };
}

function preparation({ cleaned, leaks }: DataFacts, audit: FactsForChecklist["audit"]): ChecklistAnswer {
  const cleaning = cleaned
    ? "Tags and some punctuation were removed, abbreviations written out and white space collapsed."
    : "The texts were used as they are.";
  const checked =
    audit === undefined
      ? ""
      : ` The audit lists ${formatNumber(audit.summary.textsWithIssues)} of ${formatNumber(audit.summary.texts)} texts; nothing was removed for it.`;
  return {
    text: `${cleaning} ${formatNumber(leaks.byId + leaks.byText)} test texts are in the training part as well.${checked}`,
    source: audit === undefined ? SOURCES.data : SOURCES.audit,
  };
}

function analysis({ subject, data, training }: FactsForChecklist): ChecklistAnswer {
  const { method, model, seed } = subject;
  const trained = {
    lora: "a LoRA adapter and a new head",
    head: "the head alone trained",
    full: "all weights trained",
  }[method];
  const split =
    data === undefined
      ? ""
      : ` The texts were split ${data.split.stratified ? "by label" : "at random"} into ${data.parts.map(({ name, texts }) => `${name} ${formatShare(texts / data.parts.reduce((sum, part) => sum + part.texts, 0))}`).join(", ")}.`;
  const kept =
    training === undefined
      ? ""
      : ` Of ${formatNumber(training.steps.done)} steps of AdamW the weights of step ${formatNumber(training.steps.kept)} were kept, the best on the validation texts.`;
  return {
    text: `${model} with ${trained}, seed ${seed}.${split}${kept} Measures: accuracy, precision, recall, F1, areas under curves and calibration, with Wilson and bootstrap intervals and McNemar's exact test.`,
    source: SOURCES.method,
  };
}
