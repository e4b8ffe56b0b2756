import type { DataFrame } from "danfojs-node";

import { loadDanfojs } from "./load-danfojs";

/** A new frame with other values in some of its columns, and with the same rows, index, types and other columns. */
export function withColumns(frame: DataFrame, values: Readonly<Record<string, readonly unknown[]>>): DataFrame {
  const { DataFrame } = loadDanfojs();
  const columns = frame.columns.map((name) =>
    Object.hasOwn(values, name) ? values[name] : (frame.column(name).values as unknown[]),
  );
  // From rows: an object of columns would put a label such as `10` before the texts.
  const rows = Array.from({ length: frame.shape[0] }, (_, row) => columns.map((cells) => cells[row]));
  return new DataFrame(rows, { index: frame.index, columns: frame.columns, dtypes: frame.dtypes });
}
