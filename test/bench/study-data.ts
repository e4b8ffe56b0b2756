import { Random } from "../../src/base/random";
import { cleanTexts } from "../../src/corpus/text/clean-text";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { readFrame } from "../../src/corpus/read-frame";
import { trainTestSplit } from "../../src/corpus/split/train-test-split";
import { findStudyArchive } from "../corpus/study-archive";

/** Texts with their labels, side by side. */
export interface LabelledTexts {
  readonly texts: readonly string[];
  readonly labels: readonly number[];
}

/** Data of the benchmarks. */
export interface StudyData {
  /** Description in a few words. */
  readonly source: string;
  /** All 1,000 abstracts, cleaned. */
  readonly all: LabelledTexts;
  /** The study's 600 for training. */
  readonly train: LabelledTexts;
  /** The study's 200 for validation. */
  readonly validation: LabelledTexts;
  /** The study's 200 for the test. */
  readonly test: LabelledTexts;
}

/**
 * Loads the study's abstracts from the archive that TSLORA_DATA names, cut in parts and cleaned as its notebook does.
 * Without one, makes 1,000 texts of invented words with the same distribution of lengths; `source` states it.
 */
export async function loadStudyData(): Promise<StudyData> {
  const { path } = findStudyArchive();
  if (path === undefined) return invented();
  const { frame } = await loadCorpus(path);
  const [train, rest] = trainTestSplit(frame, { trainSize: 0.6, randomState: 42 });
  const [test, validation] = trainTestSplit(rest, { testSize: 0.5, randomState: 42 });
  const cleaned = (part: typeof frame): LabelledTexts => {
    const { texts, label } = readFrame(cleanTexts(part));
    return { texts, labels: label };
  };
  return {
    source: `the study's ${frame.shape[0]} abstracts`,
    all: cleaned(frame),
    train: cleaned(train),
    validation: cleaned(validation),
    test: cleaned(test),
  };
}

/** Texts of common words with the abstracts' lengths: log-normal, 234 words on average, 843 at most. */
function invented(): StudyData {
  const random = new Random(7);
  const words = [
    "the",
    "of",
    "cells",
    "patients",
    "treatment",
    "expression",
    "results",
    "with",
    "tumour",
    "study",
    "analysis",
    "significantly",
    "immunohistochemistry",
    "increased",
    "risk",
    "gene",
  ];
  const texts = Array.from({ length: 1000 }, () => {
    const length = Math.min(843, Math.max(20, Math.round(Math.exp(Math.log(220) + 0.35 * random.normal()))));
    return Array.from({ length }, () => words[random.below(words.length)]).join(" ");
  });
  const labels = texts.map((_, i) => i % 2);
  const part = (from: number, to: number): LabelledTexts => ({
    texts: texts.slice(from, to),
    labels: labels.slice(from, to),
  });
  return {
    source: "1,000 invented texts (TSLORA_DATA names no Dataset.zip)",
    all: { texts, labels },
    train: part(0, 600),
    validation: part(800, 1000),
    test: part(600, 800),
  };
}
