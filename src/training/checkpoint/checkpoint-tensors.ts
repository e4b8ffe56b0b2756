import { join } from "node:path";

import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { shownNames } from "../../base/shown-value";
import type { TrainingMethod } from "../../classifier/training-method";
import { openSafetensors, type SafetensorsFile } from "../../model/weights/read-safetensors";

/** A checkpoint's tensors of one kind, by parameter name. */
export type CheckpointTensors = ReadonlyMap<string, Float32Array>;

/** The prefix of trained weights in optimizer.safetensors. */
export const WEIGHT = "weight.";
const MOMENTS = ["exp_avg.", "exp_avg_sq."] as const;

/** Options of {@link readCheckpointTensors}. */
export interface ReadTensorsOptions {
  readonly method: TrainingMethod;
  /** Names and shapes of the weights that the run trains. */
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /** Names of the model's frozen weights, which a checkpoint without an adapter holds too. */
  readonly frozen: readonly string[];
  /** Folder of the adapter's files in the checkpoint. */
  readonly adapterFolder: string;
}

/**
 * Reads a checkpoint's weights and AdamW's moments. Names and shapes must be those of the trained weights, numbers must
 * be finite, second moments must not be negative, and an adapter's weights must be the same in both files.
 *
 * @throws TsloraError `bad-input` that names every tensor at fault.
 */
export async function readCheckpointTensors(
  path: string,
  options: ReadTensorsOptions,
): Promise<{ weights: CheckpointTensors; moments: CheckpointTensors }> {
  const { method, parameters } = options;
  const problems = new Problems(`The checkpoint ${shownPath(path)} does not fit the classifier`);
  const shapes = (prefix: string): [string, readonly number[]][] =>
    parameters.map(({ name, shape }) => [`${prefix}${name}`, shape]);
  const prefixes = method === "lora" ? [WEIGHT, ...MOMENTS] : MOMENTS;
  const optimizer = await readTensors(join(path, "optimizer.safetensors"), {
    shapes: new Map(prefixes.flatMap(shapes)),
    problems,
  });
  const model = await readTensors(
    method === "lora"
      ? join(path, options.adapterFolder, "adapter_model.safetensors")
      : join(path, "model.safetensors"),
    { shapes: new Map(shapes("")), problems, others: method === "lora" ? [] : options.frozen },
  );
  problems.throwIfAny("bad-input");
  if (method === "lora") {
    const others = parameters
      .filter(({ name }) => !isSame(model.get(name), optimizer.get(`${WEIGHT}${name}`)))
      .map(({ name }) => name);
    problems.expect(
      others.length === 0,
      `the adapter's weights must be the same in both files; ${shownNames(others)} differ`,
    );
  }
  const negative = parameters
    .filter(({ name }) => optimizer.get(`exp_avg_sq.${name}`)?.some((value) => value < 0))
    .map(({ name }) => `exp_avg_sq.${name}`);
  problems.expect(negative.length === 0, `second moments must not be below 0; ${shownNames(negative)} are`);
  problems.throwIfAny("bad-input");
  const moments = new Map([...optimizer].filter(([name]) => !name.startsWith(WEIGHT)));
  return { weights: model, moments };
}

/** Tensors that a file must hold, and others that it may also hold. */
interface WantedTensors {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly others?: readonly string[];
  readonly problems: Problems;
}

/** Reads all tensors of a file. They must be those that `shapes` names; `others` are not read. */
async function readTensors(
  path: string,
  { shapes, others, problems }: WantedTensors,
): Promise<Map<string, Float32Array>> {
  const file = await openSafetensors(path);
  try {
    checkNames(file, { shapes, others, problems });
    const tensors = new Map<string, Float32Array>();
    if (problems.count > 0) return tensors;
    // readFloats refuses numbers that are not finite
    for (const name of shapes.keys()) tensors.set(name, await file.readFloats(name));
    return tensors;
  } finally {
    await file.close();
  }
}

function checkNames(file: SafetensorsFile, { shapes, others = [], problems }: WantedTensors): void {
  const where = file.path.split(/[\\/]/).at(-1) ?? "";
  const missing = [...shapes.keys()].filter((name) => !file.entries.has(name));
  const more = [...file.entries.keys()].filter((name) => !shapes.has(name) && !others.includes(name));
  problems.expect(missing.length === 0, `${where} lacks ${shownNames(missing)}`);
  problems.expect(more.length === 0, `${where} holds ${shownNames(more)}, which the run does not train`);
  for (const [name, shape] of shapes) {
    const entry = file.entries.get(name);
    if (entry === undefined || (entry.dtype === "F32" && entry.shape.join() === shape.join())) continue;
    problems.expect(
      false,
      `${where}: "${name}" must have the shape [${shape.join(", ")}] and the type F32; it has [${entry.shape.slice(0, 8).join(", ")}] and ${entry.dtype}`,
    );
  }
}

/** Whether two tensors are equal bit for bit. */
function isSame(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  return a !== undefined && b !== undefined && a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
