import { isKernelOps } from "../../src/ops/kernel-ops";
import type { Ops } from "../../src/ops/ops";

/** Name of an implementation of the ops in tests. */
export function implementationName(ops: Ops): string {
  return isKernelOps(ops) ? "kernels" : ops.name;
}
