import type { AttentionSaved } from "./ops";
import type { Tensor } from "./tensor";

/**
 * The weights that attention's forward pass kept.
 *
 * @throws TypeError if it kept none, as the kernels do, which make them again
 */
export function weightsOf({ weights }: AttentionSaved["parts"][number]): Tensor {
  if (weights === undefined) throw new TypeError("The forward pass kept no weights: it was of other ops.");
  return weights;
}
