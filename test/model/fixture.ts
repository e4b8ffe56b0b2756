import { readFileSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import type { Ops } from "../../src/device/ops";
import type { ClassificationModel } from "../../src/model/classification-model";
import { Gradients } from "../../src/model/gradients";
import { packDocuments, type PackedBatch } from "../../src/model/packed-batch";

export const TINY_MODELS = ["bert", "distilbert", "roberta"] as const;

export interface ExpectedNumbers {
  readonly logits: readonly (readonly number[])[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** What PyTorch computed on a tiny model: see test/fixtures/write-model-fixtures.py. */
export interface Expected {
  readonly documents: readonly (readonly number[])[];
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

export function batchOf(expected: Pick<Expected, "documents">): PackedBatch {
  return packDocuments(expected.documents.map((ids) => Int32Array.from(ids)));
}

/** The mean cross entropy's gradients for every trainable weight, by the model's own backward pass, by name. */
export async function gradientsOf(model: ClassificationModel, expected: Pick<Expected, "documents" | "labels">): Promise<{ logits: number[][]; gradients: Map<string, Float32Array> }> {
  const { ops } = model;
  const batch = batchOf(expected);
  const forward = model.forward({ kind: "training", ops, dropout: undefined }, batch);
  const flat = await ops.read(forward.logits);
  const labels = model.numLabels;
  const dLogits = new Float32Array(flat.length);
  batch.order.forEach((document, packed) => {
    const row = flat.subarray(packed * labels, (packed + 1) * labels);
    const sum = row.reduce((a, b) => a + Math.exp(b), 0);
    row.forEach((logit, label) => (dLogits[packed * labels + label] = (Math.exp(logit) / sum - Number(label === expected.labels[document])) / batch.order.length));
  });
  const sums = new Gradients(ops);
  const d = ops.float(dLogits, [batch.order.length, labels]);
  model.backward({ ops, gradients: sums }, d, forward);
  const gradients = new Map<string, Float32Array>();
  for (const [parameter, gradient] of sums.entries()) gradients.set(parameter.name, await ops.read(gradient));
  sums.dispose();
  forward.release();
  ops.dispose(d);
  return { logits: unpack(flat, batch, labels), gradients };
}

/** Packed logits as one row for each document, in the order given. */
export function unpack(flat: Float32Array, batch: PackedBatch, labels: number): number[][] {
  const rows: number[][] = [];
  batch.order.forEach((document, packed) => (rows[document] = [...flat.subarray(packed * labels, (packed + 1) * labels)]));
  return rows;
}

/** The largest difference of two lists of numbers. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let worst = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i] - b[i]));
  return worst;
}

export type { Ops };
