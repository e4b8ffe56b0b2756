import type { TensorflowSession } from "../tensorflow/session";

/** The methods of an operation that this processor and its kernels have. */
export interface Methods<Name extends string> {
  /** The fastest; undefined if none is faster than doing without. */
  readonly best: Name | undefined;
  readonly all: readonly Name[];
}

/**
 * Asks an operation for the methods that this processor has: the index of the fastest, or -1, and all as a sum of
 * 2^index.
 *
 * @param names - in the kernels' order
 */
export function readMethods<Name extends string>(
  session: TensorflowSession,
  op: string,
  names: readonly Name[],
): Methods<Name> {
  return session.tensors.tidy(() => {
    const [report] = session.execute(op, [], [], 1);
    const [best, all] = session.binding.tensorDataSync(session.idOf(report));
    return {
      best: names.find((_, index) => index === best),
      all: names.filter((_, index) => (all & (1 << index)) !== 0),
    };
  });
}
