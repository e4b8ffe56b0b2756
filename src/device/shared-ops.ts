import type { Ops } from "./ops";
import { TensorflowOps } from "./tensorflow-ops";

let shared: Ops | undefined;

/** The process's ops, made at first use: loading TensorFlow takes a moment. */
export function sharedOps(): Ops {
  shared ??= new TensorflowOps();
  return shared;
}
