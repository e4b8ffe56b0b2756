import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import type { Random } from "../../../src/base/random";
import { loadClassifier } from "../../../src/classifier/load-classifier";
import { predict } from "../../../src/evaluation/predict";
import type { ProblemType } from "../../../src/model/encoder-config";
import { HOSTILE_TEXTS, randomHostileText } from "../hostile-text";
import type { Measure, ParityLine } from "../parity-line";
import { randomModelCase } from "../random-cases";

interface Reference {
  readonly path: string;
  readonly logits: readonly (readonly number[])[];
  readonly probabilities: readonly Readonly<Record<string, number>>[];
  readonly id2label: readonly string[];
  readonly problemType: string | null;
  readonly architectures: readonly string[];
  readonly dtype: string;
  /** With peft's adapter on the model; of what we saved, with that adapter merged into it by us. */
  readonly merged: readonly (readonly number[])[];
}

const KINDS = ["bert", "distilbert", "roberta"] as const;
const DTYPES = ["F32", "F16", "BF16"] as const;
const PROBLEMS: readonly (ProblemType | null)[] = [null, "single_label_classification", "multi_label_classification"];

/**
 * Texts to logits and probabilities from folders of transformers' in every format, and by transformers from what we
 * save of them, peft's adapters merged too.
 */
export const line: ParityLine = {
  title: "checkpoints: fp16, bf16, in parts, saved, merged; from text to probability",
  against: "transformers",
  async run({ random, folder, cases, python }) {
    const drawn = KINDS.flatMap((kind) =>
      DTYPES.flatMap((dtype) =>
        [true, false].flatMap((sharded) =>
          Array.from({ length: cases(2) }, () => draw(random, { kind, dtype, sharded })),
        ),
      ),
    );
    const models = join(folder, "models");
    await mkdir(models);
    const references = (await python({ cases: drawn, folder: models })) as Reference[];
    const [saved, merged] = ["saved", "merged"].map((what) => drawn.map((_, i) => join(folder, `${what}-${i}`)));
    const found = new Map<string, { cases: number; largest: number; bound: number; worst?: string }>();
    const take = (what: string, difference: number, bound: number, worst: string): void => {
      const known = found.get(what) ?? { cases: 0, largest: 0, bound };
      found.set(what, {
        cases: known.cases + 1,
        largest: bound === 0 ? known.largest + difference : Math.max(known.largest, difference),
        bound,
        worst: difference <= (bound === 0 ? 0 : known.largest) ? known.worst : worst,
      });
    };
    const ours: number[][] = [];
    for (const [i, reference] of references.entries()) {
      const at = drawn[i];
      const where = `${at.kind}, ${at.dtype}${at.sharded ? " in parts" : ""}, weights' seed ${at.seed}`;
      const classifier = await loadClassifier(reference.path);
      const logits = await classifier.predictLogits(at.texts);
      take(
        `logits, ${at.dtype}${at.sharded ? " in parts" : ""}`,
        distance(logits, reference.logits.flat()),
        1e-5,
        where,
      );
      const rows = await predict(classifier, at.texts);
      const probabilities = rows.map((row) => Object.fromEntries(row.scores.map(({ label, score }) => [label, score])));
      take(
        `probabilities, ${at.problemType ?? "problem_type not stated"}`,
        Math.max(
          ...probabilities.map((row, j) =>
            Math.max(...at.names.map((name) => Math.abs(row[name] - reference.probabilities[j][name]))),
          ),
        ),
        1e-5,
        where,
      );
      take(
        "labels' names and problem_type, read",
        Number(
          classifier.labels.join() !== at.names.join() ||
            classifier.problemType !== (at.problemType ?? "single_label_classification"),
        ),
        0,
        where,
      );
      await classifier.saveModel(saved[i]);
      ours.push([...logits]);
      await classifier.loadAdapter(join(reference.path, "adapter"));
      take(
        "logits with peft's adapter",
        distance(await classifier.predictLogits(at.texts), reference.merged.flat()),
        1e-5,
        where,
      );
      await classifier.mergeAndUnload();
      await classifier.saveModel(merged[i]);
      classifier.dispose();
    }
    const again = (await python({ cases: drawn, saved, merged })) as Reference[];
    again.forEach((back, i) => {
      const at = drawn[i];
      const where = `${at.kind}, ${at.dtype}, weights' seed ${at.seed}`;
      take("logits of what was saved, by transformers", distance(ours[i], back.logits.flat()), 1e-5, where);
      take(
        "logits of what was merged and saved, by transformers, to peft's",
        distance(back.merged.flat(), references[i].merged.flat()),
        1e-5,
        where,
      );
      const same =
        back.id2label.join() === at.names.join() &&
        back.problemType === (at.problemType ?? "single_label_classification") &&
        back.architectures.join() === references[i].architectures.join() &&
        back.dtype === "float32";
      take("config.json of what was saved", Number(!same), 0, where);
    });
    return [...found].map(([what, rest]): Measure => ({ what, ...rest }));
  },
};

function draw(
  random: Random,
  { kind, dtype, sharded }: { kind: (typeof KINDS)[number]; dtype: (typeof DTYPES)[number]; sharded: boolean },
) {
  const numbers = randomModelCase(random, { kind, depth: 1 + random.below(3), longest: 40 + random.below(60) });
  const texts = Array.from({ length: 8 }, (_, i) =>
    i < 4 ? HOSTILE_TEXTS[random.below(HOSTILE_TEXTS.length)] : randomHostileText(random),
  ).map((text) => text.replace(/\p{Surrogate}/gu, "?"));
  const names = Array.from({ length: numbers.numLabels }, (_, label) => ["RISK", "é ü", "0", "LABEL_9", "中"][label]);
  return {
    ...numbers,
    documents: [],
    labels: [],
    vocabSize: 400,
    texts,
    names,
    dtype,
    sharded,
    shardSize: sharded ? "1KB" : "1GB",
    problemType: PROBLEMS[random.below(PROBLEMS.length)],
  };
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return a.length === b.length
    ? Array.from(a).reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i])), 0)
    : Infinity;
}
