import { TsloraError } from "../../base/tslora-error";

/** The error for a prediction that ended before its shards. */
export function stoppedPrediction({ left, of }: { readonly left: number; readonly of: number }): TsloraError {
  const count = left === 0 ? "" : `, with ${left} of ${of} shards left`;
  return new TsloraError("aborted", `The prediction was stopped${count}. The same call continues it.`);
}
