import { readFile } from "node:fs/promises";

import { loadClassifier, loadTokenizer, predict, setPrecision, type SequenceClassifier } from "../../../src/index";
import { serve } from "./serve";

let classifier: SequenceClassifier | undefined;
let texts: readonly string[] = [];

/** Our side of prediction and of tokenizing. */
void serve({
  /** Makes the model that all sides predict with: an adapter merged into its base. */
  async merge({ model, merged, seed }: { model: string; merged: string; seed: number }) {
    const base = await loadClassifier(model, { seed });
    base.addAdapter({ r: 8 });
    await base.mergeAdapter({ allowUntrained: true }); // speed alone counts
    await base.saveModel(merged, { allowUntrained: true });
    base.dispose();
  },
  async load({ model, file, precision = "float32" }: { model: string; file: string; precision?: "float32" | "int8" }) {
    classifier = await loadClassifier(model);
    texts = JSON.parse(await readFile(file, "utf8")) as string[];
    return { notice: (await setPrecision(classifier, precision)).notice };
  },
  async predict({ batches }: { batches: readonly (readonly number[])[] }) {
    if (classifier === undefined) throw new Error("load first");
    const wanted = batches.flat().map((index) => texts[index]);
    const start = performance.now();
    const found = await predict(classifier, wanted);
    const seconds = (performance.now() - start) / 1000;
    const { labels } = classifier;
    return {
      seconds,
      probabilities: found.map(({ scores }) => scores.find(({ label }) => label === labels[1])?.score),
    };
  },
  async tokenize({ model, file }: { model: string; file: string }) {
    const wanted = JSON.parse(await readFile(file, "utf8")) as string[];
    const tokenizer = await loadTokenizer(model, { maxLength: 512 });
    const start = performance.now();
    const encoded = tokenizer.encode(wanted);
    return {
      seconds: (performance.now() - start) / 1000,
      tokens: encoded.reduce((sum, { ids }) => sum + ids.length, 0),
    };
  },
});
