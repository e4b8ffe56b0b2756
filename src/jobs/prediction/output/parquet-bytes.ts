import type { ColumnSource } from "hyparquet-writer" with { "resolution-mode": "import" };

import type { PredictionRow, RowShape } from "./prediction-row";

/** Rows of a row group. */
const GROUP = 32_768;

/**
 * Predictions as a Parquet file, row group by row group: `pmid` and `version`, or `id`; `label`, or `labels` as a JSON
 * list; `probability_LABEL` for each label; `by`; `model`.
 */
export async function* parquetBytes(
  chunks: AsyncIterable<readonly PredictionRow[]>,
  shape: RowShape & { readonly modelHash: string },
): AsyncGenerator<Uint8Array, void, void> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import("hyparquet-writer");
  const writer = new ByteWriter();
  const take = (): Uint8Array => {
    const bytes = new Uint8Array(writer.buffer.slice(0, writer.index));
    writer.index = 0; // `offset` counts on
    return bytes;
  };
  const parquet = new ParquetWriter({
    writer,
    schema: schemaFromColumnData({ columnData: columnsOf([], shape) }),
    createdBy: "tslora",
    kvMetadata: [{ key: "tslora.model", value: shape.modelHash }],
  });
  let rows: PredictionRow[] = [];
  const flush = async (): Promise<Uint8Array> => {
    const columnData = columnsOf(rows, shape).map(({ name, data }) => ({ name, data }));
    await parquet.write({ columnData, rowGroupSize: GROUP });
    rows = [];
    return take();
  };
  for await (const chunk of chunks) {
    for (const row of chunk) rows.push(row); // one by one: a call takes some hundred thousand arguments at most
    if (rows.length >= GROUP) yield await flush();
  }
  if (rows.length > 0) yield await flush();
  await parquet.finish();
  yield take();
}

function columnsOf(
  rows: readonly PredictionRow[],
  { labels, several, kind, model }: RowShape,
): (ColumnSource & { readonly name: string })[] {
  const text = (name: string, of: (row: PredictionRow) => string): ColumnSource => ({
    name,
    type: "STRING",
    nullable: false,
    data: rows.map(of),
  });
  return [
    text(kind === "pubmed" ? "pmid" : "id", ({ id }) => id),
    ...(kind === "pubmed"
      ? [{ name: "version", type: "INT32", nullable: false, data: rows.map(({ version = 1 }) => version) } as const]
      : []),
    several ? text("labels", (row) => JSON.stringify(row.labels)) : text("label", ({ labels: [label] }) => label),
    ...labels.map(
      (label, i) =>
        ({
          name: `probability_${label}`,
          type: "DOUBLE",
          nullable: false,
          data: rows.map(({ probabilities }) => probabilities[i]),
        }) as const,
    ),
    text("by", ({ by }) => by),
    text("model", () => model),
  ];
}
