import type { Adapter } from "../lora/adapter";
import type { Parameter } from "../model/parts/parameter";

/** Numbers of all weights and of the trainable ones. */
export interface ParameterCount {
  readonly trainable: number;
  readonly all: number;
}

/**
 * Counts as peft does: all weights include those of every adapter, and the frozen copy that peft keeps of each fully
 * trained module.
 *
 * @param own - the model's own weights
 */
export function countParameters(
  own: readonly Parameter[],
  { adapters, trainable }: { adapters: readonly Adapter[]; trainable: readonly Parameter[] },
): ParameterCount {
  const size = (parameters: Iterable<Parameter>): number =>
    [...parameters].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const ofAdapters = adapters.reduce(
    (sum, adapter) => sum + size(adapter.parameters()) - size(adapter.biases.values()),
    0,
  ); // peft trains biases in place, without a copy
  return { trainable: size(trainable), all: size(own) + ofAdapters };
}

/** The line that peft's `print_trainable_parameters` prints. */
export function trainableParametersLine({ trainable, all }: ParameterCount): string {
  const grouped = (n: number): string => n.toLocaleString("en-US");
  return `trainable params: ${grouped(trainable)} || all params: ${grouped(all)} || trainable%: ${((100 * trainable) / all).toFixed(4)}`;
}
