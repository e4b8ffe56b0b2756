import { basename } from "node:path";

import type { DataFrame } from "danfojs-node";

import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { Corpus } from "../../corpus/corpus";
import { describeCorpus } from "../../corpus/describe-corpus";
import type { DataDescription } from "../../corpus/describe-data";
import { readFrame, textInputs } from "../../corpus/read-frame";
import { findLeaks } from "../../corpus/split/find-leaks";
import { canonicalHash, type HashedText } from "./canonical-hash";
import type { DataFacts, PartFacts } from "./evidence";

/** The texts that the classifier was trained on, validated on and tested on. */
export interface StudyParts {
  readonly train: DataFrame;
  readonly validation: DataFrame;
  readonly test: DataFrame;
}

/** Sources of {@link dataFacts}. */
export interface DataSources {
  readonly corpus: Corpus;
  readonly about: DataDescription;
  readonly parts: StudyParts;
  /** The seed of the split. */
  readonly splitSeed: number;
}

/** Facts about the data: their source, hashes, counts, split and lengths. */
export function dataFacts(classifier: SequenceClassifier, { corpus, about, parts, splitSeed }: DataSources): DataFacts {
  const { source, report, frame } = corpus;
  const named = (part: DataFrame): HashedText[] => {
    const { ID, label } = readFrame(part);
    return textInputs(part).map((text, row) => ({ ID: ID[row], label: about.labels[label[row]], text }));
  };
  const all = (["train", "validation", "test"] as const).map((name) => ({ name, texts: named(parts[name]) }));
  const leaks = findLeaks(parts.train, parts.test);
  const encoded = classifier.tokenizer.encode(textInputs(parts.train));
  const kinds = [...new Set(report.problems.map(({ kind }) => kind))];
  return {
    source: {
      kind: source.kind,
      ...(source.kind === "sample" ? {} : { file: basename(source.path) }),
      ...("sha256" in source ? { sha256: source.sha256 } : {}),
    },
    textsSha256: canonicalHash(all.flatMap(({ texts }) => texts)),
    labels: about.labels.map((name, label) => ({ name, className: about.classNames[label] ?? name })),
    parts: all.map(({ name, texts }) => partFacts(name, texts, { frame: parts[name], labels: about.labels })),
    split: { stratified: about.stratify(frame) !== undefined, seed: splitSeed },
    entries: report.counts,
    problems: kinds.map((kind) => ({ kind, count: report.problems.filter((one) => one.kind === kind).length })),
    cleaned: about.clean(frame) !== frame,
    leaks: { byId: leaks.byId.length, byText: leaks.byText.length },
    tokens: {
      maxLength: classifier.tokenizer.maxLength,
      cut: encoded.filter(({ truncated }) => truncated).length,
      texts: encoded.length,
    },
  };
}

function partFacts(
  name: PartFacts["name"],
  texts: readonly HashedText[],
  { frame, labels }: { frame: DataFrame; labels: readonly string[] },
): PartFacts {
  const { min, median, p95, max } = describeCorpus(frame).words;
  return {
    name,
    texts: texts.length,
    perLabel: labels.map((label) => texts.filter((one) => one.label === label).length),
    words: { min, median, p95, max },
    sha256: canonicalHash(texts),
  };
}
