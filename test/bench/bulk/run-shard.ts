import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { sha256OfFile } from "../../../src/base/files/sha256-of-file";
import type { JsonValue } from "../../../src/base/json";
import { modelHash } from "../../../src/jobs/prediction/model-hash";
import { predictShardJob } from "../../../src/jobs/prediction/predict-shard-job";
import type { PredictionSettings } from "../../../src/jobs/prediction/prediction-settings";

/** A shard to predict in this process. */
export interface ShardToRun {
  readonly folder: string;
  readonly path: string;
  readonly kind: PredictionSettings["kind"];
  readonly model: string;
  readonly labels: readonly string[];
  readonly cascadePath?: string;
  readonly chunkRecords?: number;
}

/** Runs one shard from reading to the written result, without a process of its own. Returns seconds and the summary. */
export async function runShard(
  shard: ShardToRun,
): Promise<{ seconds: number; summary: Readonly<Record<string, unknown>> }> {
  const { path, kind, model, labels, cascadePath, chunkRecords = 1024 } = shard;
  const [resultFolder, workFolder] = ["result", "work"].map((name) => join(shard.folder, name));
  for (const folder of [resultFolder, workFolder]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  const settings: PredictionSettings = {
    ...{ model, labels, calibrated: false, chunkRecords, outputFormat: "jsonl.gz", kind, file: "texts" },
    modelHash: await modelHash({ directory: model, calibrated: false }),
    ...(cascadePath === undefined ? {} : { cascade: true, positive: 1 }),
  };
  const inputs = [path, ...(cascadePath === undefined ? [] : [cascadePath])];
  const hashed = await Promise.all(inputs.map(async (one) => ({ path: one, sha256: await sha256OfFile(one) })));
  const started = performance.now();
  const summary = await predictShardJob.run(
    {
      ...({ format: 1, type: "predict-shard", name: "bench", seed: 42 } as const),
      settings: settings as unknown as { readonly [key: string]: JsonValue },
      inputs: hashed,
    },
    { resultFolder, workFolder, inputs, progress: () => undefined, signal: new AbortController().signal },
  );
  return { seconds: (performance.now() - started) / 1000, summary };
}
