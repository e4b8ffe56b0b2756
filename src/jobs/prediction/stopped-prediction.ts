import { TsloraError } from "../../base/tslora-error";

/** The error for a prediction that ended before its shards; without their numbers, before they were planned. */
export function stoppedPrediction(shards?: { readonly left: number; readonly of: number }): TsloraError {
  const { left = 0, of = 0 } = shards ?? {};
  const count = left === 0 ? "" : `, with ${left} of ${of} shards left`;
  return new TsloraError("aborted", `The prediction was stopped${count}. The same call continues it.`);
}
