import { copyFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { canonicalSha256 } from "../../../base/canonical-json";
import { DEFAULT_SEED } from "../../../base/default-seed";
import { makeFolder } from "../../../base/files/make-folder";
import { readJsonObject } from "../../../base/files/parse-json-file";
import { sha256OfFile } from "../../../base/files/sha256-of-file";
import { writeAtomically } from "../../../base/files/write-atomically";
import type { JsonValue } from "../../../base/json";
import { sha256Of } from "../../../base/sha256-of";
import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { UpdateSeries } from "../../../corpus/records/update-series";
import { readCascadeFile } from "../../../evaluation/cascade/stored-cascade";
import type { JobDocument, JobInput } from "../../contract/job-document";
import type { PredictionChoices, PredictionSettings } from "../prediction-settings";
import { supersededText } from "../shard/read-chunks";
import { freeName, type InputFile } from "./input-files";
import { stoppedPrediction } from "../stopped-prediction";
import { planFile, type FilePart, type PlannedFile, type ShardSizes } from "./plan-file";
import { addToSeries } from "./plan-series";

/** Digits of its hash in the name of an input: a name in a store stands for one content. */
const HASH_DIGITS = 16;

/** A shard: its job, and what is known of its size. */
export interface PlannedShard {
  readonly document: JobDocument;
  /** Number of records, where it is known. */
  readonly records?: number;
  readonly bytes: number;
}

/** Options of {@link planShards}. */
export interface PlanOptions extends ShardSizes {
  readonly files: readonly InputFile[];
  /** The folder of the output, which is the jobs' store. */
  readonly output: string;
  readonly choices: PredictionChoices;
  /** Path of a `cascade.json`. */
  readonly cascadePath?: string;
  readonly signal?: AbortSignal;
  /** Called before each file. */
  readonly onFile?: (done: number) => void;
}

const PLAN_FILE = "plan.json";
const FORMAT = 1;

/**
 * Plans the shards of files: hashes them, divides large ones, and finds the current records of PubMed's. The plan is
 * stored in the output folder; the same files, model and choices take it from there.
 *
 * @throws TsloraError `in-use` if the folder holds another plan, `aborted` if the signal stopped it.
 */
export async function planShards(options: PlanOptions): Promise<PlannedShard[]> {
  const { files, output, choices, cascadePath, shardBytes, shardRows } = options;
  const path = join(output, PLAN_FILE);
  const cascade = cascadePath === undefined ? undefined : await sha256OfFile(cascadePath);
  const seen = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file.path);
      return { ...file, size, mtimeMs };
    }),
  );
  const key = canonicalSha256({ format: FORMAT, seen, choices, cascade, shardBytes, shardRows });
  const stored = await readJsonObject(path).catch((error: unknown) => {
    if (error instanceof TsloraError && error.code === "not-found") return undefined;
    throw error;
  });
  if (stored?.key === key) return stored.shards as PlannedShard[];
  if (stored !== undefined)
    throw new TsloraError(
      "in-use",
      `${shownPath(output)} holds predictions of other files, another model or other options. Choose another folder, or remove it.`,
    );
  const shards = await makePlan(options);
  await writeAtomically(path, `${JSON.stringify({ format: FORMAT, key, shards }, undefined, 1)}\n`);
  return shards;
}

async function makePlan(options: PlanOptions): Promise<PlannedShard[]> {
  const { files, output, signal, onFile } = options;
  makeFolder(join(output, "inputs"));
  const cascade = await copyCascade(options);
  const series = new UpdateSeries();
  const planned: (PlannedFile & { readonly records?: number })[] = [];
  for (const [i, file] of files.entries()) {
    if (signal?.aborted === true) throw stoppedPrediction();
    onFile?.(i);
    const records = file.kind === "pubmed" ? await addToSeries(file, { series, file: i }) : undefined;
    planned.push({ ...(await planFile(file, options)), records });
  }
  onFile?.(files.length);
  const superseded = series.finish();
  const names = new Set(planned.flatMap(({ parts }, i) => (parts.length === 1 ? [files[i].name.toLowerCase()] : [])));
  const shards: PlannedShard[] = [];
  for (const [i, { sha256, parts, records }] of planned.entries()) {
    const file = files[i];
    const text = supersededText(superseded(i));
    const list = text === "" ? undefined : `inputs/${file.name}-${sha256Of(text).slice(0, HASH_DIGITS)}.superseded`;
    if (list !== undefined) await writeAtomically(join(output, list), text);
    const more: JobInput[] = list === undefined ? [] : [await inputOf(output, list)];
    for (const [at, part] of parts.entries()) {
      const ofPart = `${file.name}-part${String(at + 1).padStart(4, "0")}`;
      const name = parts.length === 1 ? file.name : freeName(ofPart, names); // another file may have that name
      const input: JobInput = { path: file.path, sha256, ...rangeOf(part) };
      const number = part.records ?? records;
      const settings = settingsOf(
        file,
        { ...part, records: number },
        {
          ...{ options, superseded: list !== undefined, positive: cascade?.positive },
        },
      );
      const inputs = [input, ...more, ...(cascade === undefined ? [] : [cascade.input])];
      shards.push({
        document: { format: 1, type: "predict-shard", name, settings, seed: DEFAULT_SEED, inputs },
        records: number,
        bytes: part.bytes,
      });
    }
  }
  return shards;
}

/** Copies the cascade into the store: every worker reads the same one. */
async function copyCascade({
  cascadePath,
  output,
}: PlanOptions): Promise<{ readonly input: JobInput; readonly positive: 0 | 1 } | undefined> {
  if (cascadePath === undefined) return undefined;
  const path = `inputs/cascade-${(await sha256OfFile(cascadePath)).slice(0, HASH_DIGITS)}.json`;
  await copyFile(cascadePath, join(output, path));
  const { positive } = await readCascadeFile(cascadePath);
  return { input: await inputOf(output, path), positive };
}

async function inputOf(output: string, path: string): Promise<JobInput> {
  return { path, sha256: await sha256OfFile(join(output, path)) };
}

function rangeOf({ start, end }: FilePart): Pick<JobInput, "start" | "end"> {
  return { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
}

function settingsOf(
  file: InputFile,
  { rowsBefore, rowStart, rowEnd, records }: FilePart,
  of: { readonly options: PlanOptions; readonly superseded: boolean; readonly positive: 0 | 1 | undefined },
): { readonly [key: string]: JsonValue } {
  const settings: PredictionSettings = {
    ...of.options.choices,
    ...{ kind: file.kind, file: basename(file.path), records, rowsBefore, rowStart, rowEnd },
    ...(of.superseded ? { superseded: true } : {}),
    ...(of.positive === undefined ? {} : { cascade: true, positive: of.positive }),
  };
  // entries that are undefined are left out
  return JSON.parse(JSON.stringify(settings)) as { readonly [key: string]: JsonValue };
}
