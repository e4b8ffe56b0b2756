import { InferenceSession, Tensor } from "onnxruntime-node";

import type { Random } from "../../src/base/random";
import { packDocuments, type TokenDocument } from "../../src/model/parts/packed-batch";
import type { ClassificationModel } from "../../src/model/classification-model";
import type { EncoderConfig } from "../../src/model/encoder-config";

/** Opens an ONNX file on one thread. */
export async function openOnnx(path: string): Promise<InferenceSession> {
  return InferenceSession.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1 });
}

/** Pads documents to the longest and runs them: logits, row by row. */
export async function onnxLogits(
  session: InferenceSession,
  documents: readonly TokenDocument[],
  { pad, length = Math.max(...documents.map(({ ids }) => ids.length)) }: { pad: number; length?: number },
): Promise<Float32Array> {
  const shape = [documents.length, length];
  const filled = (valueOf: (document: TokenDocument, at: number) => number): Tensor => {
    const values = new BigInt64Array(documents.length * length);
    documents.forEach((document, row) => {
      for (let at = 0; at < length; at++) values[row * length + at] = BigInt(valueOf(document, at));
    });
    return new Tensor("int64", values, shape);
  };
  const { logits } = await session.run({
    input_ids: filled(({ ids }, at) => ids[at] ?? pad),
    attention_mask: filled(({ ids }, at) => Number(at < ids.length)),
    ...(session.inputNames.includes("token_type_ids")
      ? { token_type_ids: filled(({ types }, at) => types?.[at] ?? 0) }
      : {}),
  });
  return logits.data as Float32Array;
}

/** Logits of tslora itself, row by row. */
export async function ownLogits(
  model: ClassificationModel,
  documents: readonly TokenDocument[],
): Promise<Float32Array> {
  const batch = packDocuments(documents);
  const logits = model.predict(batch);
  const packed = await model.ops.read(logits);
  model.ops.dispose(logits);
  const rows = new Float32Array(packed.length);
  const width = model.numLabels;
  batch.order.forEach((document, row) => rows.set(packed.subarray(row * width, (row + 1) * width), document * width));
  return rows;
}

/** Documents of random tokens, of lengths from 1 to the model's most. */
export function randomDocuments(
  config: EncoderConfig,
  { random, count }: { random: Random; count: number },
): TokenDocument[] {
  const { maxTokens, vocabSize, padTokenId, typeVocabSize } = config;
  return Array.from({ length: count }, (_, i) => {
    const length = i === 0 ? 1 : i === 1 ? Math.min(maxTokens, 300) : 1 + random.below(Math.min(maxTokens, 300));
    const ids = Int32Array.from({ length }, () => random.below(vocabSize)).map((id) =>
      id === padTokenId ? (id + 1) % vocabSize : id,
    );
    return typeVocabSize < 2 ? { ids } : { ids, types: ids.map(() => random.below(typeVocabSize)) };
  });
}
