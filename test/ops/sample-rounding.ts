import { Random } from "../../src/base/random";
import type { Bounded } from "./bounded-tensor";
import { referenceOps, type ReferenceOps } from "./reference-ops";

const SAMPLES = 6;
/** Each sample moves every result by up to its worst case; what a processor does lies far within. */
const MARGIN = 4;

/**
 * Computes in double precision, and again a few times with every result moved by random rounding errors of 32-bit size
 * (Parker, "Monte Carlo Arithmetic", 1997). How far these runs lie apart bounds what any order of summation,
 * instruction set or library can make of the numbers, through a model's layers or the steps of a training run.
 *
 * @param run - computes over the ops that it is given, and reads its numbers by name
 * @returns the exact numbers by name; one bound for all of a name
 */
export async function sampleRounding(
  run: (ops: ReferenceOps) => Promise<ReadonlyMap<string, ArrayLike<number>>>,
): Promise<ReadonlyMap<string, Bounded>> {
  const exact = await run(referenceOps());
  const apart = new Map<string, number>();
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const noise = new Random(sample);
    for (const [name, values] of await run(referenceOps({ noise }))) {
      const wanted = exact.get(name) ?? [];
      if (wanted.length !== values.length)
        throw new RangeError(`${name} has ${values.length} numbers; expected ${wanted.length}.`);
      for (let i = 0; i < values.length; i++)
        apart.set(name, Math.max(apart.get(name) ?? 0, Math.abs(values[i] - wanted[i])));
    }
  }
  return new Map(
    [...exact].map(([name, values]) => [
      name,
      {
        values: Float64Array.from(values),
        bounds: new Float64Array(values.length).fill(MARGIN * (apart.get(name) ?? 0)),
      },
    ]),
  );
}
