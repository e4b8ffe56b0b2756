import { existsSync } from "node:fs";
import { join } from "node:path";

import { ADAPTER_WEIGHTS } from "../model/weights/weight-files";

/**
 * The file of an adapter's weights: `adapter_model.safetensors`, or else `adapter_model.bin` of earlier versions of
 * peft.
 */
export function adapterWeightsPath(directory: string): string {
  const found = ADAPTER_WEIGHTS.find((name) => existsSync(join(directory, name)));
  return join(directory, found ?? ADAPTER_WEIGHTS[0]); // opening it reports that it is missing
}
