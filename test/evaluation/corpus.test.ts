import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import { open, type Entry, type Options, type ZipFile } from "yauzl";

import { projectRoot } from "../../src/base/project-root";
import { trainBaseline } from "../../src/evaluation/baseline/evaluate-baseline";
import { TfidfVectorizer } from "../../src/evaluation/baseline/tfidf-vectorizer";
import { evaluate } from "../../src/evaluation/evaluate";
import type { LabelledText } from "../../src/evaluation/labelled-texts";
import { assertClose, readGolden } from "./golden";

interface Scores {
  readonly accuracy: number;
  readonly probabilities: readonly number[];
}

interface CorpusCase {
  readonly split: { readonly train: readonly number[]; readonly test: readonly number[]; readonly validation: readonly number[] };
  readonly features: number;
  readonly featuresSha256: string;
  readonly test: Scores;
  readonly validation: Scores;
}

const FOLDERS = ["Dataset/Cancer/", "Dataset/Non-Cancer/"]; // in the study's order

/** Title and abstract of each file, without their marks. */
async function readStudy(path: string): Promise<LabelledText[]> {
  const zip = await promisify<string, Options, ZipFile>(open)(path, { lazyEntries: true, autoClose: true });
  const files = new Map<string, string>();
  await new Promise((resolve, reject) => {
    zip.on("error", reject).on("end", resolve);
    zip.on("entry", (entry: Entry) => {
      zip.openReadStream(entry, (error, stream) => {
        if (error) return reject(error);
        buffer(stream).then((bytes) => {
          files.set(entry.fileName, bytes.toString("utf8"));
          zip.readEntry();
        }, reject);
      });
    });
    zip.readEntry();
  });
  const names = [...files.keys()].filter((name) => name.endsWith(".txt")).sort();
  return FOLDERS.flatMap((folder, i) =>
    names
      .filter((name) => name.startsWith(folder))
      .map((name) => {
        const raw = files.get(name) ?? "";
        const title = /^Title:(.*)$/m.exec(raw)?.[1] ?? "";
        return { text: `${title.trim()} ${raw.slice(raw.indexOf("Abstract:") + "Abstract:".length).trim()}`, label: 1 - i };
      }),
  );
}

const path = process.env.TSLORA_DATA ?? join(projectRoot(), "..", "shared", "dataset", "Dataset.zip");
const skip = path.endsWith(".zip") && existsSync(path) ? false : "the study's Dataset.zip is not here; TSLORA_DATA says where it is";

test("on the study's abstracts the baseline is scikit-learn's: 0.900 on validation, 0.925 on test", { skip }, async () => {
  const [golden] = readGolden<CorpusCase>("golden-corpus.json");
  const study = await readStudy(path);
  assert.equal(study.length, 1000);
  const pick = (rows: readonly number[]): LabelledText[] => rows.map((row) => study[row]);
  const train = pick(golden.split.train);
  const { featureNames } = new TfidfVectorizer({ ngramRange: [1, 2], minDf: 2, sublinearTf: true }).fit(train.map(({ text }) => text));
  assert.equal(featureNames.length, golden.features);
  assert.equal(createHash("sha256").update(featureNames.join("\n")).digest("hex"), golden.featuresSha256);
  const baseline = trainBaseline(train);
  for (const part of ["validation", "test"] as const) {
    const evaluation = await evaluate(baseline, pick(golden.split[part]));
    assert.equal(evaluation.accuracy, golden[part].accuracy);
    assertClose(evaluation.predictions.slice(0, 12).map((p) => p.probabilities[1]), golden[part].probabilities, part, 1e-4);
  }
  assert.deepEqual([golden.validation.accuracy, golden.test.accuracy], [0.9, 0.925]);
});
