import { printableLine } from "../../../base/printable";
import { shownText } from "../../../base/shown-value";
import { TsloraError } from "../../../base/tslora-error";

/** The errors of reading one torch file. */
export interface TorchRefusals {
  /** The file is damaged or was cut off. */
  damaged(what: string): TsloraError;
  /** The file asks for something that no file of weights needs. Nothing of it has happened. */
  forbidden(what: string): TsloraError;
  /** The file is valid, but of a kind that is not read. */
  unsupported(what: string): TsloraError;
}

/** Makes the errors for a file; `shown` names it in messages. */
export function torchRefusals(shown: string): TorchRefusals {
  return {
    damaged: (what) =>
      new TsloraError("bad-input", `${shown} is not a whole file of torch.save: ${what}. Fetch it again.`),
    forbidden: (what) =>
      new TsloraError(
        "unsupported",
        `${shown}: this file asks ${what}. A file of weights needs no such thing; nothing was executed. ` +
          "Take the weights from a source that you trust, as safetensors.",
        { details: { asks: what } },
      ),
    unsupported: (what) => new TsloraError("unsupported", `${shown}: ${what}`),
  };
}

/** A name of a file as a message shows it: in one line, of bounded length. */
export function shownGlobal(name: string): string {
  return printableLine(shownText(name, 200));
}
