import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import { writeAtomically, type FileContent } from "../../../base/files/write-atomically";
import type { OutputFormat } from "./output-format";
import { parquetBytes } from "./parquet-bytes";
import { rowLine, type PredictionRow, type RowShape } from "./prediction-row";

/** Options of {@link writePredictions}. */
export interface WritePredictionsOptions extends RowShape {
  readonly format: OutputFormat;
  /** The model's whole hash. */
  readonly modelHash: string;
}

const compress = promisify(gzip);

/**
 * Writes predictions to `predictions.jsonl`, `.jsonl.gz` or `.parquet` under a temporary name, and renames it. The same
 * rows in the same chunks give the same bytes.
 *
 * @param chunks - rows in their order, in any number of parts
 * @returns the file's path
 */
export async function writePredictions(
  folder: string,
  chunks: AsyncIterable<readonly PredictionRow[]>,
  options: WritePredictionsOptions,
): Promise<string> {
  const path = join(folder, `predictions.${options.format}`);
  const content: FileContent =
    options.format === "parquet"
      ? parquetBytes(chunks, options)
      : options.format === "jsonl"
        ? lines(chunks, options)
        : packed(lines(chunks, options));
  await writeAtomically(path, content);
  return path;
}

async function* lines(
  chunks: AsyncIterable<readonly PredictionRow[]>,
  shape: RowShape,
): AsyncGenerator<string, void, void> {
  for await (const rows of chunks) yield rows.map((row) => rowLine(row, shape)).join("");
}

/** A gzip member for each part; together they are one gzip file. */
async function* packed(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array, void, void> {
  let any = false;
  for await (const text of texts) {
    if (text === "") continue;
    any = true;
    yield await compress(text);
  }
  if (!any) yield await compress("");
}
