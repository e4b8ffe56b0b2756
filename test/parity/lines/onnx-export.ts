import { join } from "node:path";

import { loadClassifier } from "../../../src/classifier/load-classifier";
import { loadCorpus } from "../../../src/corpus/load-corpus";
import { readFrame } from "../../../src/corpus/read-frame";
import { encoderGraph } from "../../../src/export/onnx/encoder-graph";
import type { Quantization } from "../../../src/export/onnx/quantize";
import { writeModel } from "../../../src/export/onnx/write-model";
import type { ClassificationModel } from "../../../src/model/classification-model";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import type { TokenDocument } from "../../../src/model/parts/packed-batch";
import { sharedOps } from "../../../src/ops/shared-ops";
import { ownLogits } from "../../export/onnx-models";
import { maxDifference } from "../../model/fixture";
import type { Measure, ParityContext, ParityLine } from "../parity-line";
import { described, randomModelCase } from "../random-cases";

/** Abstracts of the study, of all lengths. */
const ABSTRACTS = 200;
const BATCH = 8;

/** An exported file, and what tslora computes for its documents. */
interface Exported {
  readonly type?: string;
  readonly what: string;
  readonly path: string;
  readonly pad: number;
  readonly batches: readonly { readonly documents: readonly (readonly number[])[] }[];
  /** Undefined for 8-bit weights, whose logits differ. */
  readonly own: Float32Array | undefined;
  readonly worst: string;
}

interface Found {
  readonly logits: readonly (readonly number[])[];
  readonly opset: Readonly<Record<string, number>>;
}

/** Exported models: onnx.checker accepts each, and Python's onnxruntime computes tslora's logits. */
export const line: ParityLine = {
  title: "ONNX: onnx.checker on each file, logits with padding, lengths 1 to 512; weights also in a second file",
  against: "onnx, onnxruntime",
  async run(context) {
    const exported = [...(await randomModels(context)), ...(await abstracts(context))];
    const found = (await context.python({
      step: "run",
      cases: exported.map(({ path, pad, batches }) => ({ path, pad, batches })),
    })) as Found[];
    const measures = new Map<string, Measure>();
    exported.forEach(({ type, what, own, worst }, i) => {
      const { logits, opset } = found[i];
      const rows = logits.flat();
      const standard = Object.keys(opset).join() === "" && opset[""] >= 17;
      const right = standard && rows.every(Number.isFinite);
      const largest = right ? (own === undefined ? 0 : maxDifference(rows, own)) : NaN;
      const known = measures.get(what);
      if (known !== undefined && !(largest > known.largest) && right)
        return void measures.set(what, { ...known, cases: known.cases + logits.length });
      const cases = (known?.cases ?? 0) + logits.length;
      measures.set(what, { type, what, cases, largest, bound: own === undefined ? 0 : 1e-5, worst });
    });
    return [...measures.values()];
  },
};

/** Random models of each type: in one file, in two, and in 8 bits. */
async function randomModels({ random, folder, cases, types, python }: ParityContext): Promise<Exported[]> {
  const drawn = types.flatMap((kind) =>
    Array.from({ length: cases(4) }, (_, i) => randomModelCase(random, { kind, depth: 1 + (i % 4), longest: 512 })),
  );
  const paths = (await python({ step: "save", cases: drawn, folder })) as string[];
  const exported: Exported[] = [];
  for (const [i, at] of drawn.entries()) {
    const { model } = await loadClassificationModel(paths[i], {
      ops: sharedOps(),
      numLabels: at.numLabels,
      seed: 1,
    });
    const documents = at.documents.map((ids): TokenDocument => ({ ids: Int32Array.from(ids) }));
    const own = await ownLogits(model, documents);
    const pad = model.config.padTokenId ?? 0;
    const common = { pad, batches: [{ documents: at.documents }], worst: described(at) };
    for (const [what, options] of Object.entries(WAYS)) {
      const path = join(folder, `${i}-${what.replace(/\W+/g, "-")}.onnx`);
      await write(model, path, options);
      const quantized = options.quantize !== undefined;
      exported.push({
        ...common,
        ...(quantized ? {} : { type: at.kind }),
        what: `${at.kind}, ${what}`,
        path,
        own: quantized ? undefined : own,
      });
    }
    model.dispose();
  }
  return exported;
}

const WAYS: Readonly<Record<string, { quantize?: Quantization; mostBytes?: number }>> = {
  "one file": {},
  "two files": { mostBytes: 0 },
  "8 bits (finite)": { quantize: "int8" },
  "8-bit weights (finite)": { quantize: "int8-weights" },
};

/** The embedded model on the study's abstracts, if they are there. */
async function abstracts({ folder, note }: ParityContext): Promise<Exported[]> {
  const data = process.env.TSLORA_DATA ?? "";
  if (data === "") {
    note("TSLORA_DATA is not set: the study's abstracts are left out");
    return [];
  }
  const { texts } = readFrame((await loadCorpus(data)).frame);
  const classifier = await loadClassifier("embedded", { labels: ["NEGATIVE", "POSITIVE"], seed: 1 });
  const every = Math.max(1, Math.floor(texts.length / ABSTRACTS));
  const chosen = texts.filter((_, i) => i % every === 0).slice(0, ABSTRACTS);
  const documents = classifier.encode(chosen).sort((a, b) => a.ids.length - b.ids.length);
  const own = await ownLogits(classifier.model, documents);
  const path = join(folder, "embedded.onnx");
  await write(classifier.model, path, {});
  classifier.dispose();
  const batches = Array.from({ length: Math.ceil(documents.length / BATCH) }, (_, i) => ({
    documents: documents.slice(i * BATCH, (i + 1) * BATCH).map(({ ids }) => [...ids]),
  }));
  return [{ what: "the embedded model on abstracts", path, pad: 0, batches, own, worst: "an abstract" }];
}

async function write(
  model: ClassificationModel,
  path: string,
  { quantize = "none", mostBytes }: { quantize?: Quantization; mostBytes?: number },
): Promise<void> {
  const weights = model.parameters().map((own) => ({ name: own.name, shape: own.shape, read: () => own.read() }));
  await writeModel(path, encoderGraph({ config: model.config, numLabels: model.numLabels, weights, quantize }), {
    mostBytes,
  });
}
