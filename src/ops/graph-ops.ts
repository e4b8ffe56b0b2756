import { composed } from "./composed/composed";
import { Recorder } from "./graph/recorder";
import { loadTensorFlow } from "./load-tensorflow";
import type { Ops } from "./ops";
import { tensorflowPrimitives } from "./tensorflow-ops";

/**
 * The ops of `tensorflowOps`, bit for bit, that record operations and run them together as graph functions: a training
 * step is a few calls of TensorFlow instead of hundreds. On a GPU, where each call costs as much as thousands of
 * numbers, that is the faster way; on a processor the kernels are.
 */
export function graphOps(recorder = new Recorder(loadTensorFlow())): Ops {
  return composed({
    ...tensorflowPrimitives(recorder),
    read: (x) => recorder.read(x),
    recording: recorder.recording,
  });
}
