import { createHash } from "node:crypto";

import { bytesOf } from "../../base/bytes-of";
import { packageVersion } from "../../base/package-version";
import type { ClassificationModel } from "../../model/classification-model";
import type { EncoderPrefix } from "../../model/encoder-prefix";
import type { EncoderConfig } from "../../model/encoder-structure";
import { packDocuments, type TokenDocument } from "../../model/parts/packed-batch";
import type { Parameter } from "../../model/parts/parameter";
import type { ForwardPass, Precision } from "../../model/parts/pass";

/** The version of the cache's files. */
export const CACHE_FORMAT = 1;

/** Fields of a configuration that do not change a prefix's results: those of the head, and rates of dropout. */
const NOT_OF_PREFIX: ReadonlySet<string> = new Set<keyof EncoderConfig>([
  "id2label",
  "problemType",
  "textPair",
  "hiddenDropout",
  "embeddingDropout",
  "poolerDropout",
  "attentionDropout",
  "classifierDropout",
]);

/** A prefix, and the pass whose results are kept. */
export interface PrefixPass {
  readonly prefix: EncoderPrefix;
  readonly pass: ForwardPass["kind"];
  readonly precision?: Precision;
}

/** Inputs of a prefix's key besides the pass. */
export interface PrefixKeyInputs {
  /** Digest by {@link hashPrefixWeights}. */
  readonly weights: string;
  /** The device's name. */
  readonly device: string;
}

/** The SHA-256 of the weights in use in a prefix: names, shapes and bytes. */
export async function hashPrefixWeights(
  model: ClassificationModel,
  { prefix, inUse }: { prefix: EncoderPrefix; inUse: (own: Parameter) => Parameter },
): Promise<string> {
  const hash = createHash("sha256");
  for (const own of model.prefixParameters(prefix)) {
    const parameter = inUse(own);
    hash.update(`${own.name} [${parameter.shape.join()}]`).update(bytesOf(await parameter.read()));
  }
  return hash.digest("hex");
}

/**
 * The key of a prefix: a hash of all that determines its results for a text. These are the weights, sizes and structure
 * of the model, the pass, the batching, device and instruction set, and the version of tslora. The results for two
 * made-up texts are hashed too, so that code that computes other bits has another key.
 */
export async function prefixKey(
  model: ClassificationModel,
  { prefix, pass, precision = "float32", weights, device }: PrefixPass & PrefixKeyInputs,
): Promise<string> {
  const { ops } = model;
  const { config } = model;
  const hash = createHash("sha256").update(
    JSON.stringify({
      format: CACHE_FORMAT,
      version: packageVersion(),
      config: Object.entries(config).filter(([name]) => !NOT_OF_PREFIX.has(name)),
      layers: Array.from({ length: config.numHiddenLayers }, (_, i) => config.structure.layer(i)),
      prefix,
      pass,
      precision,
      batches: model.isBatchIndependent ? "packed" : "one text",
      device,
      ops: { draws: ops.draws, instructions: "instructions" in ops ? ops.instructions : null },
      weights,
    }),
  );
  for (const length of [3, 100]) {
    const probe = Int32Array.from({ length: Math.min(length, config.maxTokens) }, (_, i) => (7 * i) % config.vocabSize);
    const rows = model.computePrefix(packDocuments([probe]), { prefix, pass, precision });
    try {
      hash.update(bytesOf(await ops.read(rows)));
    } finally {
      ops.dispose(rows);
    }
  }
  return hash.digest("hex").slice(0, 40);
}

/** The key of a text: a hash of its tokens and their types. */
export function textKey({ ids, types }: TokenDocument): string {
  const hash = createHash("sha256").update(`${ids.length} `).update(bytesOf(ids));
  // Types that are all 0 are the same as no types.
  if (types?.some((type) => type !== 0) === true) hash.update("types").update(bytesOf(types));
  return hash.digest("hex").slice(0, 40);
}
