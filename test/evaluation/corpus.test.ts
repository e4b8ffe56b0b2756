import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { loadCorpus } from "../../src/corpus/load-corpus";
import { trainTestSplit } from "../../src/corpus/split/train-test-split";
import { trainBaseline } from "../../src/evaluation/baseline/evaluate-baseline";
import { TfidfVectorizer } from "../../src/evaluation/baseline/tfidf-vectorizer";
import { evaluate } from "../../src/evaluation/evaluate";
import { findStudyArchive } from "../corpus/study-archive";
import { assertClose, readGolden } from "./golden";

interface Scores {
  readonly accuracy: number;
  readonly probabilities: readonly number[];
}

interface CorpusCase {
  readonly features: number;
  readonly featuresSha256: string;
  readonly test: Scores;
  readonly validation: Scores;
}

const { path, skip } = findStudyArchive();

test(
  "on the study's abstracts the baseline is scikit-learn's: 0.900 on validation, 0.925 on test",
  { skip },
  async () => {
    const [golden] = readGolden<CorpusCase>("golden-corpus.json");
    const { frame } = await loadCorpus(path);
    const [train, rest] = trainTestSplit(frame, { trainSize: 0.6, randomState: 42 });
    const [testing, validation] = trainTestSplit(rest, { trainSize: 0.5, randomState: 42 }); // the first part is the study's test set
    const { featureNames } = new TfidfVectorizer({ ngramRange: [1, 2], minDf: 2, sublinearTf: true }).fit(
      train.column("texts").values.map(String),
    );
    assert.equal(featureNames.length, golden.features);
    assert.equal(createHash("sha256").update(featureNames.join("\n")).digest("hex"), golden.featuresSha256);
    const baseline = trainBaseline(train);
    for (const [part, data] of [
      ["validation", validation],
      ["test", testing],
    ] as const) {
      const evaluation = await evaluate(baseline, data);
      assert.equal(evaluation.accuracy, golden[part].accuracy);
      assertClose(
        evaluation.predictions.slice(0, 12).map((p) => p.probabilities[1]),
        golden[part].probabilities,
        part,
        1e-4,
      );
    }
    assert.deepEqual([golden.validation.accuracy, golden.test.accuracy], [0.9, 0.925]);
  },
);
