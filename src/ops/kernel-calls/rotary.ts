import type { Ops } from "../ops";
import type { KernelSession } from "./kernel-session";

/** Rotary positions by the kernels. */
export function kernelRotary(kernels: KernelSession): Pick<Ops, "rotary"> {
  return {
    rotary: (x, { heads, positions, cos, sin, inverse }) =>
      kernels.one("TsloraRotary", {
        attributes: [kernels.integer("heads", heads), kernels.flag("inverse", inverse)],
        inputs: () => [x, positions, cos, sin],
      }),
  };
}
