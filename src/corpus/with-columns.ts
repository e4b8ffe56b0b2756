import type { DataFrame } from "danfojs-node";

import { loadDanfojs } from "./load-danfojs";

/** A new frame with other values in some of its columns, and with the same rows, index, types and other columns. */
export function withColumns(frame: DataFrame, values: Readonly<Record<string, readonly unknown[]>>): DataFrame {
  const { DataFrame } = loadDanfojs();
  const columns = Object.fromEntries(
    frame.columns.map((name) => [
      name,
      Object.hasOwn(values, name) ? values[name] : (frame.column(name).values as unknown[]),
    ]),
  );
  return new DataFrame(columns, { index: frame.index, dtypes: frame.dtypes });
}
