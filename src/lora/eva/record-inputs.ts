import type { ClassificationModel } from "../../model/classification-model";
import type { Linear } from "../../model/parts/linear";
import { packDocuments, type PackedBatch, type TokenDocument } from "../../model/parts/packed-batch";
import type { LinearAdapter } from "../../model/parts/pass";
import type { Tensor } from "../../ops/tensor";

/** Inputs of some linear layers for the documents of a batch. */
export interface RecordedInputs {
  /**
   * [rows, features] of each layer, row by row in the documents' order. A layer that runs several times, since others
   * share its weights, has several inputs.
   */
  readonly values: ReadonlyMap<string, readonly Float32Array[]>;
  /** The first of the layers with the same input, for each layer. */
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Records the inputs of linear layers, without their adapters: a row for each token or, in layers after the encoder,
 * for each document.
 *
 * @param options.parts - the batch in parts, each a forward pass: indices of `documents`
 */
export async function recordInputs(
  model: ClassificationModel,
  options: { layers: readonly Linear[]; documents: readonly TokenDocument[]; parts: readonly (readonly number[])[] },
): Promise<RecordedInputs> {
  const { layers, documents, parts } = options;
  /** For each layer, each of its runs, and each document. */
  const rows = new Map<string, Map<number, Float32Array>[]>(layers.map(({ module }) => [module, []]));
  let sources: ReadonlyMap<string, string> = new Map();
  for (const part of parts) {
    const batch = packDocuments(part.map((index) => documents[index]));
    const inputs = forwardInputs(model, batch, layers);
    try {
      sources = new Map([...inputs].map(([module, { source }]) => [module, source]));
      for (const [module, { runs }] of inputs)
        for (const [run, x] of runs.entries()) {
          const values = await model.ops.read(x);
          const ofRun = ((rows.get(module) ?? [])[run] ??= new Map());
          documentRows(values, { batch, width: x.shape[1] }).forEach((own, i) => ofRun.set(part[i], own));
        }
    } finally {
      for (const { runs } of inputs.values()) model.ops.dispose(...runs);
    }
  }
  const order = parts.flat().sort((a, b) => a - b);
  const values = new Map([...rows].map(([module, runs]) => [module, runs.map((run) => joined(order, run))]));
  return { values, sources };
}

interface Input {
  readonly runs: Tensor[];
  /** The first layer with the same input in its first run. */
  readonly source: string;
}

/** Runs the model forward; the caller owns the inputs. */
function forwardInputs(model: ClassificationModel, batch: PackedBatch, layers: readonly Linear[]): Map<string, Input> {
  const { ops } = model;
  const found = new Map<string, Input>();
  const given = new Map<Tensor, string>(); // alive during the forward pass
  const before = layers.map(({ adapter }) => adapter);
  try {
    for (const layer of layers)
      layer.setAdapter(
        watching((x) => {
          const source = given.get(x) ?? layer.module;
          given.set(x, source);
          const kept = ops.escape(() => ops.reshape(x, x.shape));
          const before = found.get(layer.module);
          if (before === undefined) found.set(layer.module, { runs: [kept], source });
          else before.runs.push(kept);
        }),
      );
    ops.dispose(model.predict(batch, { everyToken: true }));
  } catch (error) {
    for (const { runs } of found.values()) ops.dispose(...runs);
    throw error;
  } finally {
    layers.forEach((layer, i) => layer.setAdapter(before[i]));
  }
  return found;
}

/** An adapter that changes nothing and records a layer's inputs. */
function watching(see: (x: Tensor) => void): LinearAdapter {
  return {
    parameters: [],
    forward: (_pass, x, { y }) => {
      see(x);
      return { y, saved: { tensors: {} } };
    },
    backward: () => undefined,
  };
}

/** The rows of each document, in the order of the documents that were packed. */
function documentRows(
  values: Float32Array,
  { batch, width }: { batch: PackedBatch; width: number },
): readonly Float32Array[] {
  const { firstRows, order, ids } = batch;
  const perToken = values.length === ids.length * width;
  const parts: Float32Array[] = [];
  order.forEach((index, packed) => {
    const [begin, end] = perToken ? [firstRows[packed], firstRows[packed + 1] ?? ids.length] : [packed, packed + 1];
    parts[index] = values.subarray(begin * width, end * width);
  });
  return parts;
}

function joined(order: readonly number[], rows: ReadonlyMap<number, Float32Array>): Float32Array {
  const parts = order.map((index) => rows.get(index) ?? new Float32Array());
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let before = 0;
  for (const part of parts) {
    all.set(part, before);
    before += part.length;
  }
  return all;
}
