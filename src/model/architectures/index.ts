import { TsloraError } from "../../base/tslora-error";
import { shownValue } from "../../base/shown-value";
import type { Architecture } from "./architecture";
import { bert } from "./bert";
import { distilbert } from "./distilbert";
import { roberta } from "./roberta";

export type { Architecture, ProjectionNames, WeightNames } from "./architecture";

/** Every architecture that can be read. */
export const ARCHITECTURES: readonly Architecture[] = [bert, distilbert, roberta];

/**
 * The architecture of a `model_type`.
 *
 * @param where - names the config.json in the error
 * @throws TsloraError `unsupported` that names what can be read.
 */
export function architectureOf(modelType: unknown, where = "config.json"): Architecture {
  const found = ARCHITECTURES.find((each) => each.modelType === modelType);
  if (found !== undefined) return found;
  const known = ARCHITECTURES.map((each) => `"${each.modelType}"`).join(", ");
  throw new TsloraError(
    "unsupported",
    `${where}: model_type is ${shownValue(modelType)}; tslora reads ${known}. Choose a model of one of these types.`,
    { details: { modelType } },
  );
}
