import type { DataFrame } from "danfojs-node";

import { loadDanfojs } from "./load-danfojs";

/** A new frame with other labels, and with the same rows, index and other columns. */
export function withLabels(frame: DataFrame, label: readonly number[]): DataFrame {
  const { DataFrame } = loadDanfojs();
  const columns = Object.fromEntries(
    frame.columns.map((name) => [name, name === "label" ? label : (frame.column(name).values as unknown[])]),
  );
  return new DataFrame(columns, { index: frame.index, dtypes: frame.dtypes });
}
