import { TsloraError } from "../../base/tslora-error";

/** TensorFlow's status RESOURCE_EXHAUSTED, as its binding writes it, or the message of a graph function. */
const EXHAUSTED = /^Invalid TF_Status: 8\b|\bOOM when allocating\b/;

/**
 * Runs a call of TensorFlow. If the device has no memory left, the error says so, and what to change; TensorFlow's own
 * message is its cause. Other errors stay as they are.
 *
 * @throws TsloraError `device` if memory ran out
 */
export function explainErrors<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Error) || !EXHAUSTED.test(error.message)) throw error;
    const shape = /tensor with shape\s?(\[[\d,]*\])/.exec(error.message)?.[1].replaceAll(",", ", ");
    const device = /device:(CPU|GPU):(\d+)/.exec(error.message);
    const where = device === null ? "The device" : device[1] === "CPU" ? "The processor" : `GPU ${device[2]}`;
    throw new TsloraError(
      "device",
      `${where} has no memory left${shape === undefined ? "" : ` for a tensor of shape ${shape}`}. Choose a smaller ` +
        "maxTokensPerPass or maxLength, or a smaller model, or end other programs that use its memory.",
      { details: { shape, device: device?.[0] }, cause: error },
    );
  }
}
