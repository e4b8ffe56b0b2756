import { shownNames } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { int8Bytes, MOST_INT8_FEATURES, type Int8Matrix, type Int8Products } from "../ops/int8-products";
import { isKernelOps } from "../ops/kernel-ops";
import type { ClassificationModel } from "./classification-model";
import type { Linear } from "./parts/linear";

/** The size of the weights that were rounded to 8 bits. */
export interface Int8Weights {
  /** Number of matrices. */
  readonly matrices: number;
  /** Their bytes in 8 bits, with scales and sums. */
  readonly bytes: number;
  /** Their bytes in 32-bit floats. */
  readonly float32Bytes: number;
}

/** Products with 8-bit weights on the model's device; undefined where there are none. */
export function int8Of({ ops }: ClassificationModel): Int8Products | undefined {
  return isKernelOps(ops) ? ops.int8 : undefined;
}

/** Whether the model's weights are in 8 bits. */
export function isInt8(model: ClassificationModel): boolean {
  return model.modules.layers.some(({ linears }) => linears.some((linear) => linear.isInt8));
}

/**
 * Rounds the weights of the encoder layers' linear layers to 8 bits, and frees them in 32 bits. Embeddings, norms, the
 * products of attention and the head stay as they are.
 *
 * @param products - of the model's device
 * @throws TsloraError `bad-input`, naming every weight that holds a number that is not finite; the model is then
 *   unchanged.
 */
export async function roundToInt8(model: ClassificationModel, products: Int8Products): Promise<Int8Weights> {
  const { ops } = model;
  const linears = model.modules.layers.flatMap((layer) => layer.linears);
  const wide = linears.filter(({ inFeatures }) => inFeatures > MOST_INT8_FEATURES);
  if (wide.length > 0)
    throw new TsloraError(
      "unsupported",
      `Weights in 8 bits must have at most ${MOST_INT8_FEATURES} input features; ${named(wide)} has more. Use precision "float32".`,
    );
  const rounded: { linear: Linear; matrix: Int8Matrix }[] = [];
  const broken: Linear[] = [];
  try {
    for (const linear of linears) {
      const matrix = ops.escape(() => linear.weight.lend((weight) => products.quantize(weight)));
      rounded.push({ linear, matrix });
      const scales = (await ops.read(matrix.channels)).subarray(0, linear.outFeatures);
      if (scales.some((scale) => !Number.isFinite(scale))) broken.push(linear);
    }
    if (broken.length > 0)
      throw new TsloraError(
        "bad-input",
        `Weights must be finite numbers to be rounded to 8 bits; ${named(broken)} ${broken.length === 1 ? "holds" : "hold"} NaN or Infinity. Load a model whose training did not fail.`,
        { details: { weights: broken.map(({ weight }) => weight.name) } },
      );
  } catch (error) {
    for (const { matrix } of rounded) ops.disposeIn(matrix);
    throw error;
  }
  for (const { linear, matrix } of rounded) linear.useInt8(products, matrix);
  return {
    matrices: rounded.length,
    bytes: rounded.reduce((sum, { matrix }) => sum + int8Bytes(matrix), 0),
    float32Bytes: linears.reduce((sum, { inFeatures, outFeatures }) => sum + 4 * inFeatures * outFeatures, 0),
  };
}

/** @throws TsloraError `bad-input` if the model's weights are in 8 bits. */
export function expectFloat32(model: ClassificationModel, call: string): void {
  if (isInt8(model))
    throw new TsloraError(
      "bad-input",
      `${call}: the weights must be 32-bit floats; they are rounded to 8 bits, for prediction alone. Load the classifier with precision "float32".`,
    );
}

function named(linears: readonly Linear[]): string {
  return shownNames(linears.map(({ weight }) => weight.name));
}
