/**
 * Runs in a process of its own: holds the model with its adapters, and computes. TensorFlow's kernels block the thread
 * that calls them, so the server's process calls none. Ends when the server's process has ended.
 */
import { loadClassifier } from "../../classifier/load-classifier";
import { MixedPredictor } from "../../classifier/mixed-predictor";
import { setPrecision } from "../../classifier/set-precision";
import { TsloraError } from "../../base/tslora-error";
import { deviceOf } from "../../device/device";
import { resolveDevice } from "../../device/open-device";
import type { LoadedModel, LoadMessage, ModelReply, ModelRequest, ModelResults } from "./messages";

let predictor: MixedPredictor | undefined;

async function load(message: LoadMessage): Promise<LoadedModel> {
  const { model, labels, newHead, maxLength, problemType } = message;
  const device = deviceOf(message);
  const { notice } = await resolveDevice(device);
  // the server's process encodes the texts
  const tokenizer = { maxLength, encode: () => [] };
  const classifier = await loadClassifier(model, { ...device, labels, newHead, problemType, tokenizer });
  const precision = await setPrecision(classifier, message.precision, { call: "serve" });
  predictor = new MixedPredictor(classifier);
  return {
    labels: classifier.labels,
    problemType: classifier.problemType,
    takesPairs: classifier.takesPairs,
    hasTrainedBase: predictor.hasTrainedBase,
    device: notice,
    dtype: precision.used,
    precision: precision.notice,
  };
}

async function answer(request: ModelRequest): Promise<ModelResults[keyof ModelResults]> {
  if (request.kind === "load") return load(request);
  if (predictor === undefined) throw new TypeError("The model must be loaded first.");
  if (request.kind === "add") return predictor.add(request.name, request.directory);
  if (request.kind === "predict") return predictor.predict(request.documents);
  predictor.remove(request.name);
  return undefined;
}

async function reply(id: number, request: ModelRequest): Promise<void> {
  const send = (message: ModelReply): void => void (process.connected && process.send?.(message));
  const rss = (): number => process.memoryUsage.rss();
  try {
    const value = await answer(request);
    send({ id, ok: true, value, rss: rss() });
  } catch (error) {
    const code = error instanceof TsloraError ? error.code : undefined;
    const message = error instanceof Error ? error.message : String(error);
    send({ id, ok: false, code, message, rss: rss() });
  }
}

let last = Promise.resolve();
process.on("message", ({ id, request }: { id: number; request: ModelRequest }) => {
  last = last.then(() => reply(id, request));
});
process.on("disconnect", () => process.exit(0));
// a terminal sends Ctrl-C to both processes; the server decides when this one ends
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
