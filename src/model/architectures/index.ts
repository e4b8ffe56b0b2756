import { TsloraError } from "../../base/tslora-error";
import { shownValue } from "../../base/shown-value";
import { albert } from "./albert";
import type { Architecture } from "./architecture";
import { bert } from "./bert";
import { debertaV2 } from "./deberta-v2";
import { distilbert } from "./distilbert";
import { electra } from "./electra";
import { modernbert } from "./modernbert";
import { mpnet } from "./mpnet";
import { camembert, roberta, xlmRoberta } from "./roberta";
import { nearestChoice } from "./unsupported";

export type { Architecture, ProjectionNames, WeightNames } from "./architecture";

/** Every architecture that can be read. */
export const ARCHITECTURES: readonly Architecture[] = [
  bert,
  distilbert,
  roberta,
  xlmRoberta,
  camembert,
  electra,
  mpnet,
  albert,
  modernbert,
  debertaV2,
];

/**
 * The architecture of a `model_type`.
 *
 * @param where - names the config.json in the error
 * @throws TsloraError `unsupported` that names what can be read, and the nearest choice.
 */
export function architectureOf(modelType: unknown, where = "config.json"): Architecture {
  const found = ARCHITECTURES.find((each) => each.modelType === modelType);
  if (found !== undefined) return found;
  const known = ARCHITECTURES.map((each) => each.modelType);
  throw new TsloraError(
    "unsupported",
    `${where}: model_type is ${shownValue(modelType)}; tslora reads ${known.map((type) => `"${type}"`).join(", ")}.` +
      `${nearestChoice(modelType, known)} Choose a model of one of these types.`,
    { details: { modelType } },
  );
}
