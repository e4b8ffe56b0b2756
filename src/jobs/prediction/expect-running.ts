import { TsloraError } from "../../base/tslora-error";

/** @throws TsloraError `aborted` if the signal stopped the prediction. */
export function expectRunning(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true)
    throw new TsloraError("aborted", "The prediction was stopped. The same call continues it.");
}
