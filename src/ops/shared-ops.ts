import { kernelOps } from "./kernel-ops";
import { loadTensorFlow } from "./load-tensorflow";
import type { Ops } from "./ops";
import { tensorflowOps } from "./tensorflow-ops";

let shared: Ops | undefined;

/** The process's ops, made at first use: loading TensorFlow takes a moment. */
export function sharedOps(): Ops {
  shared ??= loadTensorFlow().usesGpu ? tensorflowOps() : kernelOps();
  return shared;
}
