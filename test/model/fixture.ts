import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import type { Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";
import type { ClassificationModel } from "../../src/model/classification-model";
import { Gradients } from "../../src/model/parts/gradients";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { packDocuments, type PackedBatch } from "../../src/model/parts/packed-batch";
import { expectWithin } from "../ops/expect-within";
import type { Bounded } from "../ops/bounded-tensor";
import { FURTHER_MODELS } from "./further-models";
import { sampleRounding } from "../ops/sample-rounding";

export const TINY_MODELS: readonly string[] = ["bert", "distilbert", "roberta", ...FURTHER_MODELS];

export interface ExpectedNumbers {
  readonly logits: readonly (readonly number[])[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** Results of PyTorch on a tiny model: see test/fixtures/write-model-fixtures.py. */
export interface Expected {
  readonly documents: readonly (readonly number[])[];
  /** Token types, for pairs of texts. */
  readonly tokenTypes?: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly full: ExpectedNumbers;
  readonly lora: ExpectedNumbers;
  readonly trainable: string;
}

export function fixtureDirectory(kind: string): string {
  return join(projectRoot(), "test", "fixtures", `tiny-${kind}`);
}

export function expectedOf(kind: string): Expected {
  return JSON.parse(readFileSync(join(fixtureDirectory(kind), "expected.json"), "utf8")) as Expected;
}

export function batchOf({ documents, tokenTypes }: Batch): PackedBatch {
  return packDocuments(
    documents.map((ids, i) => ({ ids: Int32Array.from(ids), types: tokenTypes && Int32Array.from(tokenTypes[i]) })),
  );
}

/** The documents of a batch. */
type Batch = Pick<Expected, "documents" | "tokenTypes">;

/** The mean cross entropy's gradients for every trainable weight, by the model's own backward pass, by name. */
export async function gradientsOf(
  model: ClassificationModel,
  expected: Pick<Expected, "documents" | "tokenTypes" | "labels">,
): Promise<{ logits: number[][]; gradients: Map<string, Float32Array> }> {
  const { logits, gradients } = await passOver(model, expected, (tensor) => model.ops.read(tensor));
  return { logits: unpack(logits, batchOf(expected), model.numLabels), gradients };
}

/** Logits, in the batch's order, and the mean cross entropy's gradients, as `read` reads tensors. */
async function passOver<T>(
  model: ClassificationModel,
  expected: Pick<Expected, "documents" | "tokenTypes" | "labels">,
  read: (tensor: Tensor) => T | Promise<T>,
): Promise<{ logits: T; gradients: Map<string, T> }> {
  const { ops, numLabels } = model;
  const batch = batchOf(expected);
  const forward = model.forward({ kind: "training", ops, dropout: undefined }, batch);
  const sums = new Gradients(ops);
  const dLogits = ops.tidy(() => {
    const wanted = new Float32Array(batch.order.length * numLabels);
    batch.order.forEach((document, packed) => (wanted[packed * numLabels + expected.labels[document]] = 1));
    return ops.scale(
      ops.sub(ops.softmax(forward.logits), ops.float(wanted, [batch.order.length, numLabels])),
      1 / batch.order.length,
    );
  });
  const logits = await read(forward.logits);
  model.backward({ ops, gradients: sums }, dLogits, forward);
  const gradients = new Map<string, T>();
  for (const [parameter, gradient] of sums.entries()) gradients.set(parameter.name, await read(gradient));
  sums.dispose();
  forward.release();
  ops.dispose(dLogits);
  return { logits, gradients };
}

/** A model's logits and gradients in double precision, with bounds on what 32-bit arithmetic may make of them. */
export interface ReferenceNumbers {
  /** In the order that documents are packed in. */
  readonly logits: Bounded;
  readonly gradients: ReadonlyMap<string, Bounded>;
  /** The largest gradient: a key's bias has none but rounding errors of the others. */
  readonly scale: number;
}

/**
 * Computes a tiny model's logits and gradients in double precision, with bounds from {@link sampleRounding}.
 *
 * @param options.prepare - makes weights trainable, or brings an adapter
 */
export async function referenceOf(
  kind: string,
  {
    expected = expectedOf(kind),
    numLabels = 2,
    prepare,
  }: {
    expected?: Pick<Expected, "documents" | "tokenTypes" | "labels">;
    numLabels?: number;
    prepare: (model: ClassificationModel) => unknown;
  },
): Promise<ReferenceNumbers> {
  const found = await sampleRounding(async (ops) => {
    const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels, seed: 1 });
    await prepare(model);
    const { logits, gradients } = await passOver(model, expected, (tensor) => ops.bounded(tensor).values);
    model.dispose();
    return new Map([[LOGITS, logits], ...gradients]);
  });
  const gradients = new Map([...found].filter(([name]) => name !== LOGITS));
  const scale = Math.max(
    0,
    ...[...gradients.values()].map(({ values }) => values.reduce((size, value) => Math.max(size, Math.abs(value)), 0)),
  );
  return { logits: found.get(LOGITS) ?? { values: new Float64Array(), bounds: new Float64Array() }, gradients, scale };
}

const LOGITS = "logits";

/** Makes every weight of a model trainable. */
export function trainAll(model: ClassificationModel): void {
  for (const parameter of model.parameters()) parameter.trainable = true;
}

/** Asserts that logits, a row for each document in the order given, are the reference's up to 32-bit rounding. */
export function expectLogits(
  rows: readonly (readonly number[])[],
  reference: ReferenceNumbers,
  { expected, what, storage }: { expected: Batch; what: string; storage?: number },
): void {
  const packed = [...batchOf(expected).order].flatMap((document) => [...rows[document]]);
  expectWithin(packed, reference.logits, { what: `${what}: logits`, storage });
}

/** Asserts that gradients are the reference's up to 32-bit rounding, all of them and no others. */
export function expectGradients(
  found: ReadonlyMap<string, ArrayLike<number>>,
  { gradients, scale }: ReferenceNumbers,
  { what, storage }: { what: string; storage?: number },
): void {
  assert.deepEqual([...found.keys()].sort(), [...gradients.keys()].sort());
  for (const [name, bounded] of gradients)
    expectWithin(found.get(name) ?? [], bounded, { what: `${what}: ${name}`, scale, storage });
}

/** Packed logits as one row for each document, in the order given. */
export function unpack(flat: Float32Array, batch: PackedBatch, labels: number): number[][] {
  const rows: number[][] = [];
  batch.order.forEach(
    (document, packed) => (rows[document] = [...flat.subarray(packed * labels, (packed + 1) * labels)]),
  );
  return rows;
}

/** The largest difference of two lists of numbers. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return worst;
}

export type { Ops };
