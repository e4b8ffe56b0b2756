import type { Primitives } from "../../src/ops/primitives";
import { sizeOf, type Tensor } from "../../src/ops/tensor";

/** Primitives that count the numbers in their live tensors. */
export interface CountedPrimitives {
  readonly primitives: Primitives;
  /** The most numbers that were in live tensors at once, since the last call. */
  readonly takePeak: () => number;
}

type Counted = Tensor & { readonly disposed: boolean };

/** Counts every tensor that `primitives` makes until it is disposed of, those inside of composed operations too. */
export function countedPrimitives(primitives: Primitives): CountedPrimitives {
  let live = new Set<Counted>();
  let peak = 0;
  const count = (): number => {
    live = new Set([...live].filter(({ disposed }) => !disposed));
    return [...live].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  };
  const enter = (value: unknown): void => {
    if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
    if (isCounted(value)) live.add(value);
    else for (const part of Object.values(value)) enter(part);
  };
  const counted = Object.entries(primitives).map(([name, member]: [string, unknown]) => {
    if (typeof member !== "function" || ["tidy", "escape", "read", "alive", "dispose", "disposeIn"].includes(name))
      return [name, member];
    return [
      name,
      (...parameters: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, primitives, parameters);
        enter(result);
        peak = Math.max(peak, count());
        return result;
      },
    ];
  });
  return {
    primitives: Object.fromEntries(counted) as Primitives,
    takePeak: () => {
      const taken = peak;
      peak = count();
      return taken;
    },
  };
}

function isCounted(value: object): value is Counted {
  return "shape" in value && Array.isArray(value.shape) && "disposed" in value;
}
