import { isKernelOps } from "../../src/ops/kernel-ops";
import type { Ops } from "../../src/ops/ops";

/** What tests call an implementation of the ops. */
export function implementationName(ops: Ops): string {
  return isKernelOps(ops) ? "kernels" : ops.name;
}
