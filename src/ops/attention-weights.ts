import type { AttentionSaved } from "./ops";
import type { Tensor } from "./tensor";

/**
 * The weights that attention's forward pass kept.
 *
 * @throws TypeError if it kept none: the kernels' plain attention makes them again in its backward pass
 */
export function weightsOf({ weights }: AttentionSaved["parts"][number]): Tensor {
  if (weights === undefined) throw new TypeError("The forward pass kept no weights: it was of other ops.");
  return weights;
}
