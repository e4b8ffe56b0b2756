import { readFileSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/ops/ops";
import { sharedOps } from "../../src/ops/shared-ops";
import { AdapterSet } from "../../src/lora/adapter-set";
import { loadAdapter, type LoadedAdapter } from "../../src/lora/load-adapter";
import type { ClassificationModel } from "../../src/model/classification-model";
import { Gradients } from "../../src/model/parts/gradients";
import type { Parameter } from "../../src/model/parts/parameter";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { batchOf, expectedOf, fixtureDirectory, unpack } from "../model/fixture";

/** Ops of every test of the room. */
export const ops = sharedOps();

/** Logits, gradients and counts as peft computes them: see test/lora/write-goldens.py. */
export interface Goldens {
  readonly adapters: Readonly<
    Record<
      string,
      {
        readonly kind: string;
        readonly trainable: string;
        readonly logits: readonly (readonly number[])[];
        readonly gradients: Readonly<Record<string, readonly number[]>>;
      }
    >
  >;
  readonly combinations: {
    readonly kind: string;
    readonly alone: Readonly<Record<string, readonly (readonly number[])[]>>;
    readonly combined: readonly {
      readonly adapters: readonly string[];
      readonly weights: readonly number[];
      readonly combinationType: "linear" | "cat" | "svd";
      readonly svdRank: number | null;
      readonly r: number;
      readonly targets: readonly string[];
      readonly logits: readonly (readonly number[])[];
      readonly products: Readonly<Record<string, readonly number[]>>;
    }[];
  };
  readonly matching: {
    readonly [kind in "bert" | "distilbert" | "roberta"]: {
      readonly names: readonly string[];
      readonly cases: readonly {
        readonly options: Record<string, unknown>;
        readonly matched: readonly string[];
        readonly saved: readonly string[];
      }[];
    };
  } & {
    readonly keys: readonly {
      readonly keys: readonly string[];
      readonly names: readonly string[];
      readonly found: readonly string[];
    }[];
  };
  readonly doraLayers: readonly {
    readonly dropout: boolean;
    readonly mask: readonly number[];
    readonly x: readonly number[];
    readonly dy: readonly number[];
    readonly y: readonly number[];
    readonly dx: readonly number[];
    readonly merged: readonly number[];
    readonly weights: Readonly<Record<string, readonly number[]>>;
    readonly gradients: Readonly<Record<string, readonly number[]>>;
  }[];
}

export const goldens = JSON.parse(readFileSync(join(projectRoot(), "test", "lora", "goldens.json"), "utf8")) as Goldens;

/** The folder that peft wrote for a case. */
export function goldenFolder(name: string): string {
  return join(projectRoot(), "test", "lora", "goldens", name);
}

export async function tinyModel(kind: string, on: Ops = ops): Promise<ClassificationModel> {
  return (await loadClassificationModel(fixtureDirectory(kind), { ops: on, numLabels: 2, seed: 1 })).model;
}

/** A classifier over a tiny model; a text is its token ids. */
export async function tinyClassifier(kind: string, on: Ops = ops): Promise<SequenceClassifier> {
  const tokenizer = {
    maxLength: 20,
    encode: (texts: readonly string[]) =>
      texts.map((text) => ({ ids: Int32Array.from(text.split(" "), Number), truncated: false })),
  };
  return new SequenceClassifier({
    model: await tinyModel(kind, on),
    tokenizer,
    labels: ["NEGATIVE", "POSITIVE"],
    origin: { id: "tiny", directory: fixtureDirectory(kind), notice: "" },
    newlyInitialized: [],
    seed: 1,
  });
}

/** The model's logits for the fixture's documents, in their order. */
export async function predict(model: ClassificationModel, kind: string): Promise<number[][]> {
  const batch = batchOf(expectedOf(kind));
  const logits = model.predict(batch);
  const rows = unpack(await model.ops.read(logits), batch, model.numLabels);
  model.ops.dispose(logits);
  return rows;
}

/** A model's adapter as read from a folder, alone on it. */
export async function loadOnto(
  model: ClassificationModel,
  directory: string,
): Promise<LoadedAdapter & { set: AdapterSet }> {
  const set = new AdapterSet(model, { seed: 1 });
  return { ...(await loadAdapter(set, model, { directory })), set };
}

/** Every weight of the model itself, to compare bit for bit. */
export async function weightsOf(model: ClassificationModel): Promise<Float32Array[]> {
  const values: Float32Array[] = [];
  for (const parameter of model.parameters()) values.push(await parameter.read());
  return values;
}

/** Moves every weight that is trained, by a number of its own. */
export async function scramble(parameters: readonly Parameter[], seed = 1, on: Ops = ops): Promise<void> {
  let k = seed * 1000;
  for (const parameter of parameters) {
    const values = await parameter.read();
    parameter.assign(
      on.float(
        values.map((value) => value + 0.3 * Math.sin(1.7 * ++k)),
        parameter.shape,
      ),
    );
  }
}

/** Creates the tensors that the model's layers keep of their weights, so that later counts of tensors include them. */
export function makeKept(model: ClassificationModel): void {
  for (const linear of model.linears()) {
    const x = ops.float(new Float32Array(linear.inFeatures), [1, linear.inFeatures]);
    const { y, saved } = linear.forward({ kind: "evaluation", ops }, x);
    const gradients = new Gradients(ops);
    const dx = linear.backward({ ops, gradients }, y, { saved, needsInput: true });
    gradients.dispose();
    ops.dispose(x, y, dx);
  }
}
