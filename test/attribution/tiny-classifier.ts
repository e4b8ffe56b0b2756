import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import type { Ops } from "../../src/ops/ops";
import { fixtureDirectory } from "../model/fixture";

/** The special tokens before and after a text. */
export const [FIRST, LAST] = [2, 3];

/** A tiny model whose texts are token ids, such as "11 5 9"; two special tokens are around them. */
export async function tinyClassifier(kind: string, ops: Ops): Promise<SequenceClassifier> {
  const directory = fixtureDirectory(kind);
  const { model } = await loadClassificationModel(directory, { ops, numLabels: 2, seed: 1 });
  return new SequenceClassifier({
    model,
    tokenizer: {
      maxLength: 20,
      encode: (texts) =>
        texts.map((text) => {
          const ids = [...String(text).matchAll(/\d+/g)].map(([id]) => Number(id)).slice(0, 18);
          return { ids: Int32Array.from([FIRST, ...ids, LAST]), truncated: false };
        }),
      tokens: (ids) => Array.from(ids, String),
    },
    labels: ["A", "B"],
    origin: { id: "tiny", directory, notice: "" },
    newlyInitialized: [],
    seed: 1,
  });
}
