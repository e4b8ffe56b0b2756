import { readFile } from "node:fs/promises";

import { readRecords, type ReadRecordsOptions } from "../../../corpus/records/read-records";
import type { TextRecord } from "../../../corpus/records/text-record";
import type { SupersededRecord } from "../../../corpus/records/update-series";
import { cleanText } from "../../../corpus/text/clean-text";
import { textInput } from "../../../base/text-input";
import { readCascadeFile } from "../../../evaluation/cascade/stored-cascade";
import { TextScreen } from "../../../evaluation/cascade/text-screen";
import { addCounts, NO_RECORDS, type ChunkRecord, type RecordCounts, type ShardChunk } from "./shard-chunk";

/** The input of a shard. */
export interface ReadChunksOptions extends Omit<ReadRecordsOptions, "superseded"> {
  readonly path: string;
  /** Path of the list of superseded records. */
  readonly supersededPath?: string;
  /** Path of a `cascade.json`. */
  readonly cascadePath?: string;
  readonly clean: boolean;
  readonly chunkRecords: number;
  /** Chunks that are read and not given, since they are done. */
  readonly skip: number;
}

/**
 * Reads a shard in chunks of a fixed number of records, cleans the texts and screens them with the cascade. Chunks
 * depend on the file and the options alone, so that a shard can be continued at any of them.
 *
 * @throws TsloraError `bad-input` if the file is not whole, after the chunks before.
 */
export async function* readChunks(options: ReadChunksOptions): AsyncGenerator<ShardChunk, void, void> {
  const { path, supersededPath, cascadePath, clean, chunkRecords, skip, ...read } = options;
  const superseded = supersededPath === undefined ? undefined : await readSuperseded(supersededPath);
  const screen = cascadePath === undefined ? undefined : new TextScreen(await readCascadeFile(cascadePath));
  const prepare = (record: TextRecord): ChunkRecord => prepared(record, { clean, screen });
  let builder = new ChunkBuilder(0);
  for await (const item of readRecords(path, { ...read, superseded })) {
    if (item.kind === "deletion") continue;
    const wanted = builder.index >= skip;
    if (item.kind === "record") builder.add("texts", wanted ? prepare(item.record) : undefined);
    else if (item.kind === "superseded") builder.add("superseded");
    else if (item.problem.kind === "no-text") builder.add("withoutText");
    else {
      builder.add("corrupt");
      builder.problems.push(item.problem);
    }
    if (builder.counts.records < chunkRecords) continue;
    if (wanted) yield builder.chunk();
    builder = new ChunkBuilder(builder.index + 1);
  }
  if (builder.counts.records > 0 && builder.index >= skip) yield builder.chunk();
}

class ChunkBuilder {
  readonly index: number;
  readonly problems: ShardChunk["problems"][number][] = [];
  readonly #records: ChunkRecord[] = [];
  counts: RecordCounts = NO_RECORDS;

  constructor(index: number) {
    this.index = index;
  }

  add(kind: Exclude<keyof RecordCounts, "records">, record?: ChunkRecord): void {
    this.counts = addCounts(this.counts, { ...NO_RECORDS, records: 1, [kind]: 1 });
    if (record !== undefined) this.#records.push(record);
  }

  chunk(): ShardChunk {
    return { index: this.index, records: this.#records, problems: this.problems, counts: this.counts };
  }
}

function prepared(
  { id, version, ...own }: TextRecord,
  { clean, screen }: { clean: boolean; screen: TextScreen | undefined },
): ChunkRecord {
  const name = version === undefined ? { id } : { id, version };
  const text = clean ? cleanText(own.text) : own.text;
  const textPair = own.textPair !== undefined && clean ? cleanText(own.textPair) : own.textPair;
  if (screen !== undefined) {
    const score = screen.score(textInput(text, textPair));
    if (!screen.passes(score)) return { ...name, screened: screen.probabilities(score) };
  }
  return textPair === undefined ? { ...name, text } : { ...name, text, textPair };
}

/** The list of superseded records as text: a line `PMID version count` for each. */
export function supersededText(records: readonly SupersededRecord[]): string {
  return records.map(({ pmid, version, count }) => `${pmid} ${version} ${count}\n`).join("");
}

async function readSuperseded(path: string): Promise<SupersededRecord[]> {
  return (await readFile(path, "utf8"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [pmid, version, count] = line.split(" ");
      return { pmid, version: Number(version), count: Number(count) };
    });
}
