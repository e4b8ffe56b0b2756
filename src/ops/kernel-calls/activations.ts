import type { OpAttribute } from "../load-tensorflow";
import type { Activation, Ops } from "../ops";
import type { KernelSession } from "./kernel-session";

/** The kernels' numbers for activations. */
const NUMBERS: Readonly<Record<Activation | "none", number>> = { none: 0, gelu: 1, "gelu-tanh": 2, silu: 3 };

/** Activations by the kernels. */
export function kernelActivations(kernels: KernelSession): Pick<Ops, "gelu" | "gated" | "gatedBackward"> {
  return {
    gelu: (x, { activation = "gelu", derivative }) =>
      kernels.run(
        "TsloraGelu",
        {
          attributes: [activationAttribute(kernels, activation), kernels.flag("derivative", derivative)],
          inputs: () => [x],
          outputs: 2,
        },
        ([y, slope]) => (derivative ? { y, derivative: slope } : { y }),
      ),
    gated: (x, { activation }) =>
      kernels.one("TsloraGated", { attributes: [activationAttribute(kernels, activation)], inputs: () => [x] }),
    gatedBackward: (dy, x, { activation }) =>
      kernels.one("TsloraGatedBackward", {
        attributes: [activationAttribute(kernels, activation)],
        inputs: () => [dy, x],
      }),
  };
}

/** The attribute that names an activation. */
export function activationAttribute(kernels: KernelSession, activation: Activation | "none"): OpAttribute {
  return kernels.integer("activation", NUMBERS[activation]);
}
