import { existsSync } from "node:fs";

import { openWeights } from "../model/weights/weight-files";
import { adapterWeightsPath } from "./adapter-weights";

/** Number of labels of an adapter's head, if it has a head. */
export async function headLabels(directory: string): Promise<number | undefined> {
  const path = adapterWeightsPath(directory);
  if (!existsSync(path)) return undefined; // loading reports the error of the folder
  const file = await openWeights(path);
  await file.close();
  return [...file.entries.values()].find(({ name }) => /\.classifier(\.out_proj)?\.weight$/.test(name))?.shape[0];
}
