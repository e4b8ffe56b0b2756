import { KernelOps } from "./kernel-ops";
import { loadTensorFlow } from "./load-tensorflow";
import type { Ops } from "./ops";
import { TensorflowOps } from "./tensorflow-ops";

let shared: Ops | undefined;

/** The process's ops, made at first use: loading TensorFlow takes a moment. */
export function sharedOps(): Ops {
  shared ??= loadTensorFlow().usesGpu ? new TensorflowOps() : new KernelOps();
  return shared;
}
