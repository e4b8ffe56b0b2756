import { join } from "node:path";

import { canonicalSha256 } from "../../base/canonical-json";
import { writeAtomically } from "../../base/files/write-atomically";
import type { JsonValue } from "../../base/json";
import { textInput } from "../../base/text-input";
import { TsloraError } from "../../base/tslora-error";
import { predictTexts } from "../../evaluation/predict-texts";
import { codeVersion } from "../contract/code-version";
import type { JobDocument } from "../contract/job-document";
import type { JobContext, JobType } from "../contract/job-type";
import { openPredictionModel, type OpenedModel } from "./open-prediction-model";
import { ChunkStore, type StoredChunk } from "./output/chunk-store";
import { HASH_DIGITS, rounded, type PredictionRow } from "./output/prediction-row";
import { writePredictions } from "./output/write-predictions";
import { PREDICTION_SCHEMA, type PredictionSettings } from "./prediction-settings";
import { readChunksAhead } from "./shard/chunk-thread";
import { addCounts, NO_RECORDS, type RecordCounts, type ShardChunk } from "./shard/shard-chunk";

/** The least time between two reports of progress. */
const REPORT_MS = 200;

/**
 * Predicts the texts of a file, or of a range of one. The result is `predictions.jsonl`, `.jsonl.gz` or `.parquet`, and
 * `problems.jsonl` if there are corrupt records. A chunk of records is a checkpoint: a killed shard continues with the
 * chunk that it was in, and writes the same bytes.
 */
export const predictShardJob: JobType = {
  name: "predict-shard",
  settingsSchema: PREDICTION_SCHEMA,
  run: async (document, context) => new Shard(document, context, await codeVersion()).run(),
};

class Shard {
  readonly #settings: PredictionSettings;
  readonly #document: JobDocument;
  readonly #context: JobContext;
  readonly #chunks: ChunkStore;
  #counts = NO_RECORDS;
  #encoded = 0;
  #count = 0; // finished chunks
  #reported = 0;

  constructor(document: JobDocument, context: JobContext, code: string) {
    this.#settings = document.settings as unknown as PredictionSettings; // checked by the schema
    this.#document = document;
    this.#context = context;
    this.#chunks = new ChunkStore(context.workFolder, `${canonicalSha256(document)} ${code}`);
  }

  async run(): Promise<{ readonly [key: string]: JsonValue }> {
    await this.#findDone();
    const model = await openPredictionModel(this.#settings);
    await this.#compute(model);
    return this.#finish(model);
  }

  /** Counts what an earlier worker finished. */
  async #findDone(): Promise<void> {
    for (let chunk = await this.#chunks.read(0); chunk !== undefined; chunk = await this.#chunks.read(this.#count))
      this.#add(chunk.counts, chunk.rows);
    this.#report(0, true);
  }

  async #compute(model: OpenedModel): Promise<void> {
    let writing: Promise<void> = Promise.resolve();
    for await (const chunk of readChunksAhead(this.#readOptions())) {
      this.#expectRunning();
      const rows = await this.#predict(chunk, model);
      await writing; // one chunk is written while the next is computed
      writing = this.#chunks.write(chunk.index, { rows, problems: chunk.problems, counts: chunk.counts });
      writing.catch(() => undefined); // awaited above or below
      this.#add(chunk.counts, rows);
      this.#report(0);
    }
    await writing;
    this.#report(0, true);
  }

  async #predict({ records }: ShardChunk, { classifier, calibration }: OpenedModel): Promise<PredictionRow[]> {
    const { threshold, maxTokensPerPass, labels } = this.#settings;
    const { signal } = this.#context;
    const read = records.filter((record) => "text" in record);
    const predictions = await predictTexts(
      classifier,
      read.map(({ text, textPair }) => textInput(text, textPair)),
      {
        ...{ threshold, maxTokensPerPass, calibration, signal },
        onProgress: (done) => this.#report(done + records.length - read.length),
      },
    ).catch((error: unknown) => {
      this.#expectRunning();
      throw error;
    });
    let next = 0;
    return records.map((record): PredictionRow => {
      const { id, version } = record;
      if ("screened" in record) {
        const [first, second] = record.screened;
        const negative = labels[this.#negative];
        return {
          ...{ id, version, labels: [negative], by: "tfidf" },
          probabilities: [rounded(first), rounded(second)],
        };
      }
      const { labels: found, probabilities } = predictions[next++];
      return {
        id,
        version,
        labels: found,
        probabilities: labels.map((label) => rounded(probabilities[label])),
        by: "encoder",
      };
    });
  }

  /** Writes the result from the chunks. */
  async #finish({ classifier }: OpenedModel): Promise<{ readonly [key: string]: JsonValue }> {
    const { resultFolder } = this.#context;
    const { kind, file, modelHash, outputFormat, labels } = this.#settings;
    const problems: string[] = [];
    const rows = async function* (this: Shard): AsyncGenerator<readonly PredictionRow[], void, void> {
      for (let index = 0; index < this.#count; index++) {
        const chunk = await this.#stored(index);
        for (const problem of chunk.problems) problems.push(`${JSON.stringify({ file, ...problem })}\n`);
        yield chunk.rows;
      }
    }.bind(this);
    await writePredictions(resultFolder, rows(), {
      ...{ format: outputFormat, modelHash, labels, kind },
      several: classifier.problemType === "multi_label_classification",
      model: modelHash.slice(0, HASH_DIGITS),
    });
    if (problems.length > 0) await writeAtomically(join(resultFolder, "problems.jsonl"), problems);
    return { file, ...this.#counts, encoded: this.#encoded, modelHash };
  }

  async #stored(index: number): Promise<StoredChunk> {
    const chunk = await this.#chunks.read(index);
    if (chunk !== undefined) return chunk;
    throw new TsloraError(
      "bad-input",
      `Checkpoint ${index} of ${this.#document.name} was removed or changed meanwhile.`,
    );
  }

  #readOptions(): Parameters<typeof readChunksAhead>[0] {
    const { kind, textColumn, textPair, idColumn, delimiter, quote, rowsBefore, rowStart, rowEnd, ...other } =
      this.#settings;
    const [path, ...more] = this.#context.inputs;
    const [{ start, end }] = this.#document.inputs;
    return {
      ...{ path, start, end, kind, textColumn, textPair, idColumn, delimiter, quote, rowsBefore, rowStart, rowEnd },
      supersededPath: other.superseded === true ? more[0] : undefined,
      cascadePath: other.cascade === true ? more.at(-1) : undefined,
      clean: other.cleanTexts ?? kind === "pubmed",
      chunkRecords: other.chunkRecords,
      skip: this.#count,
    };
  }

  /** Index of the label of a text that the screen leaves out. The cascade file is an input: it has two labels. */
  get #negative(): number {
    return this.#settings.positive === 0 ? 1 : 0;
  }

  #add(counts: RecordCounts, rows: readonly PredictionRow[]): void {
    this.#counts = addCounts(this.#counts, counts);
    this.#encoded += rows.filter(({ by }) => by === "encoder").length;
    this.#count++;
  }

  /** @param ahead - records of the chunk that is computed */
  #report(ahead: number, always = false): void {
    const now = performance.now();
    if (!always && now - this.#reported < REPORT_MS) return;
    this.#reported = now;
    const { records, corrupt } = this.#counts;
    const total = this.#settings.records;
    this.#context.progress({
      done: records + ahead,
      ...(total === undefined ? {} : { total }),
      values: { encoded: this.#encoded, corrupt },
    });
  }

  #expectRunning(): void {
    if (this.#context.signal.aborted)
      throw new TsloraError("aborted", `${this.#document.name} was stopped; its checkpoints stay.`);
  }
}
