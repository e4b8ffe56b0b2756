import type * as danfojs from "danfojs-node";

import { loadTensorFlow } from "../ops/load-tensorflow";

/**
 * Loads danfojs at its first use, since it loads TensorFlow.
 *
 * @throws TsloraError `device` if TensorFlow is not set up or does not load.
 */
export function loadDanfojs(): typeof danfojs {
  loadTensorFlow(); // reports what is wrong with it
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded at first use
  return require("danfojs-node") as typeof danfojs;
}
