import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname } from "node:path";

import { serve } from "./serve";

/** Pipeline for text classification. */
type Classify = (texts: string[], options: { topk: number }) => Promise<unknown>;

const loaded = import("@xenova/transformers"); // an ES module
let classify: Classify | undefined;
let texts: readonly string[] = [];

/** @xenova/transformers' side, as its users call it: a pipeline on a folder with `onnx/model.onnx`. */
void serve({
  async load({ model, file }: { model: string; file: string }) {
    const { env, pipeline } = await loaded;
    Object.assign(env, { allowRemoteModels: false, localModelPath: dirname(model) });
    classify = await pipeline("text-classification", basename(model), { quantized: false });
    texts = JSON.parse(await readFile(file, "utf8")) as string[];
    const fromThere = createRequire(require.resolve("@xenova/transformers"));
    return {
      runtime: `@xenova/transformers ${env.version} on onnxruntime-node ${(fromThere("onnxruntime-node/package.json") as { version: string }).version}`,
    };
  },
  /** One call of the pipeline for each batch, whose texts are of like length: it pads them to the longest. */
  async predict({ batches }: { batches: readonly (readonly number[])[] }) {
    if (classify === undefined) throw new Error("load first");
    const start = performance.now();
    const found: { label: string; score: number }[][] = [];
    for (const batch of batches) {
      const answer = await classify(
        batch.map((index) => texts[index]),
        { topk: 2 },
      );
      found.push(...(answer as { label: string; score: number }[][]));
    }
    const seconds = (performance.now() - start) / 1000;
    return { seconds, probabilities: found.map((scores) => scores.find(({ label }) => label === "POSITIVE")?.score) };
  },
  async tokenize({ model, file }: { model: string; file: string }) {
    const { AutoTokenizer, env } = await loaded;
    Object.assign(env, { allowRemoteModels: false, localModelPath: dirname(model) });
    const wanted = JSON.parse(await readFile(file, "utf8")) as string[];
    const tokenizer = await AutoTokenizer.from_pretrained(basename(model));
    const start = performance.now();
    const { input_ids: ids } = tokenizer(wanted, {
      truncation: true,
      max_length: 512,
      padding: false,
      return_tensor: false,
    }) as { input_ids: number[][] };
    return { seconds: (performance.now() - start) / 1000, tokens: ids.reduce((sum, { length }) => sum + length, 0) };
  },
});
