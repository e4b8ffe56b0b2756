import { createHash } from "node:crypto";

import { SequenceClassifier, type TextTokenizer } from "../../src/classifier/sequence-classifier";
import type { Ops } from "../../src/ops/ops";
import { sharedOps } from "../../src/ops/shared-ops";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { train } from "../../src/training/train";
import type { TrainEvent } from "../../src/training/train-event";
import type { TrainOptions } from "../../src/training/options/train-options";
import { fixtureDirectory } from "../model/fixture";

/** Shared by the tests of training: tiny models, and texts that are their token ids. */
export const ops = sharedOps();

/** A text is its token ids: what the tiny models' missing tokenizers would give. */
export const tokenizer: TextTokenizer = {
  maxLength: 20,
  encode: (texts: readonly string[]) =>
    texts.map((text) => ({ ids: Int32Array.from(text.split(" "), Number), truncated: false })),
};

export function example(i: number): { text: string; label: number } {
  const label = i % 2;
  return {
    text: [
      "2",
      ...Array.from({ length: 2 + (i % 7) }, (_, k) => String(label === 1 ? 10 + ((i + k) % 9) : 25 + ((i * k) % 9))),
      "3",
    ].join(" "),
    label,
  };
}

export const data = Array.from({ length: 40 }, (_, i) => example(i));
export const validation = Array.from({ length: 20 }, (_, i) => example(i + 100));

/** The same texts with two labels that do not exclude each other. */
export const several = (examples: readonly { text: string; label: number }[]): { text: string; label: number[] }[] =>
  examples.map(({ text, label }) => ({ text, label: [label, Number(text.length > 15)] }));

export async function classifier(
  kind: "bert" | "distilbert" = "bert",
  options: {
    problemType?: SequenceClassifier["problemType"];
    dropout?: number;
    on?: Ops;
    device?: SequenceClassifier["device"];
  } = {},
): Promise<SequenceClassifier> {
  const directory = fixtureDirectory(kind);
  const { model, newlyInitialized } = await loadClassificationModel(directory, {
    ops: options.on ?? ops,
    numLabels: 2,
    seed: 1,
  });
  const { problemType, dropout, device } = options;
  if (dropout !== undefined)
    for (const name of ["hiddenDropout", "attentionDropout", "classifierDropout"] as const)
      Object.assign(model.config, { [name]: dropout });
  return new SequenceClassifier({
    model,
    tokenizer,
    labels: ["NEGATIVE", "POSITIVE"],
    problemType,
    origin: { id: "tiny", directory, notice: "" },
    newlyInitialized,
    seed: 1,
    device,
  });
}

export async function runToEnd(c: SequenceClassifier, options: Partial<TrainOptions> = {}): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train(c, {
    train: data,
    validation,
    learningRate: 0.02,
    numTrainEpochs: 4,
    perDeviceTrainBatchSize: 8,
    ...options,
  }))
    events.push(event);
  return events;
}

export type EventOf<Type extends TrainEvent["type"]> = TrainEvent & { readonly type: Type };

export function eventsOf<Type extends TrainEvent["type"]>(type: Type, events: readonly TrainEvent[]): EventOf<Type>[] {
  return events.filter((event): event is EventOf<Type> => event.type === type);
}

/** SHA-256 of every trained weight's bytes. */
export async function hashOfWeights(c: SequenceClassifier): Promise<string> {
  const hash = createHash("sha256");
  for (const { name, value } of c.trainableParameters())
    hash.update(name).update(new Uint8Array((await ops.read(value)).slice().buffer));
  return hash.digest("hex");
}
