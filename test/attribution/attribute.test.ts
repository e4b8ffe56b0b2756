import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mock, test } from "node:test";

import { attribute, type AttributionMethod } from "../../src/attribution/attribute";
import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { setPrecision } from "../../src/classifier/set-precision";
import { kernelOps } from "../../src/ops/kernel-ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { implementationName } from "../ops/implementation-name";
import { tinyClassifier } from "./tiny-classifier";

/** Captum's results: see write-goldens.py. */
interface Golden {
  readonly kind: string;
  readonly baseline: "zero" | "pad";
  readonly documents: readonly ({
    readonly ids: readonly number[];
    /** Tokens of each feature of the occlusion. */
    readonly words: readonly (readonly [number, number])[];
    readonly logits: readonly [baseline: number, input: number];
  } & Readonly<Partial<Record<AttributionMethod, readonly number[]>>>)[];
}

const goldens = JSON.parse(
  readFileSync(join(projectRoot(), "test", "attribution", "goldens.json"), "utf8"),
) as readonly Golden[];
const STEPS = 50;

/** A text of the tiny tokenizer: tokens of one feature are joined by a dot, so that they are one word. */
function textOf({ ids, words }: Golden["documents"][number]): string {
  return words.map(([from, to]) => ids.slice(from, to).join(".")).join(" ");
}

/** Differences of at most 1e-5, in units of the largest value. */
function expectNear(values: readonly number[], expected: readonly number[], what: string): void {
  assert.equal(values.length, expected.length, what);
  const unit = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
  assert.ok(worst <= 1e-5 * unit, `${what}: ${worst} beside ${unit}`);
}

for (const ops of [kernelOps(), tensorflowOps()])
  for (const { kind, baseline, documents } of goldens)
    test(`${kind} on ${implementationName(ops)}, baseline ${baseline}: scores are Captum's, and no tensor is left`, async () => {
      const classifier = await tinyClassifier(kind, ops);
      const options = { target: "B", baseline, steps: STEPS, maxTokensPerPass: 64 };
      await attribute(classifier, documents.map(textOf), options); // creates the tensors that the model keeps
      const before = ops.alive();
      for (const method of ["integrated-gradients", "gradient-x-input", "occlusion"] as const) {
        const found = await attribute(classifier, documents.map(textOf), { ...options, method });
        documents.forEach((document, i) => {
          const scores = document[method];
          if (scores === undefined) return;
          const { tokens, words, baselineLogit, logit } = found[i];
          expectNear([baselineLogit, logit], document.logits, `${method}: logits`);
          const own = method === "occlusion" ? words : tokens;
          const expected = method === "occlusion" ? scores : scores.map((score, t) => (tokens[t].special ? 0 : score));
          expectNear(
            own.map(({ score }) => score),
            expected,
            `${method}: text ${i}`,
          );
          assert.deepEqual(
            tokens.map(({ token }) => Number(token)),
            document.ids,
          );
        });
      }
      assert.equal(ops.alive(), before);
      classifier.dispose();
    });

test("integrated gradients sum to the change of the logit, also with an adapter, and do not change later training", async () => {
  const classifier = await tinyClassifier("bert", kernelOps());
  classifier.addAdapter({ r: 2, initLoraWeights: false, loraDropout: 0.5 });
  const trainable = classifier.trainableParameters();
  const texts = ["11 5 9 30 21", "7 9"];
  const found = await attribute(classifier, texts);
  for (const { tokens, words, logit, baselineLogit, completeness, label, probability } of found) {
    const sum = tokens.reduce((total, { score }) => total + score, 0);
    assert.ok(completeness !== undefined && completeness.delta <= 1e-3 && completeness.steps >= 50);
    assert.ok(Math.abs(sum - (logit - baselineLogit)) <= 1e-3);
    const ofWords = words.reduce((total, { score }) => total + score, 0);
    assert.ok(Math.abs(ofWords - sum) <= 1e-9 * words.length);
    assert.ok(classifier.labels.includes(label) && probability >= 0.5);
  }
  assert.deepEqual(classifier.trainableParameters(), trainable);
  assert.ok(trainable.length > 0);
  const [row] = [await classifier.predictLogits(texts)];
  expectNear(
    found.map(({ logit }) => logit),
    found.map(({ label }, i) => row[2 * i + classifier.labels.indexOf(label)]),
    "the logit is the prediction's",
  );
  classifier.dispose();
});

test("an empty text has no word; all bad options are listed in one error", async () => {
  const classifier = await tinyClassifier("modernbert", kernelOps());
  const [empty] = await attribute(classifier, "");
  assert.deepEqual(
    [empty.words, empty.tokens.map(({ special, score }) => [special, score])],
    [
      [],
      [
        [true, 0],
        [true, 0],
      ],
    ],
  );
  const wrong = { method: "magic", target: "C", baseline: "mean", steps: 0, maxTokensPerPass: 0.5 } as never;
  await assert.rejects(attribute(classifier, "5", wrong), (error) => {
    assert.ok(error instanceof TsloraError && error.code === "bad-option");
    for (const name of ["method", "target", "baseline", "steps", "maxTokensPerPass"])
      assert.match(error.message, new RegExp(`- ${name} must be`));
    return true;
  });
  await assert.rejects(attribute(classifier, [5] as never), /texts must hold strings/);
  classifier.dispose();
});

test("an abort stops between passes", async () => {
  const classifier = await tinyClassifier("bert", kernelOps());
  for (const method of ["integrated-gradients", "gradient-x-input", "occlusion"] as const) {
    const controller = new AbortController();
    const stopped = attribute(classifier, ["5", "", "7"], {
      method,
      signal: controller.signal,
      onProgress: (done) => {
        assert.equal(done, 1, method);
        controller.abort(new Error("stopped"));
      },
    });
    await assert.rejects(stopped, /stopped/, method);
  }
  classifier.dispose();
});

test("no tensor is left when a forward or backward pass fails", async () => {
  const ops = kernelOps();
  const classifier = await tinyClassifier("bert", ops);
  await attribute(classifier, "5 9"); // creates the tensors that the model keeps
  const before = ops.alive();
  const { head } = classifier.model.modules;
  const forward = head.forward.bind(head);
  const failing = [
    mock.method(head, "forward", (...[pass, x]: Parameters<typeof forward>) => {
      if (pass.kind === "training") throw new RangeError("no memory for the forward pass");
      return forward(pass, x);
    }),
    mock.method(head, "backward", () => {
      throw new RangeError("no memory for the backward pass");
    }),
  ];
  await assert.rejects(attribute(classifier, "5 9"), /no memory for the forward pass/);
  assert.equal(ops.alive(), before);
  failing[0].mock.restore();
  await assert.rejects(attribute(classifier, "5 9"), /no memory for the backward pass/);
  assert.equal(ops.alive(), before);
  failing[1].mock.restore();
  await attribute(classifier, "5 9");
  assert.equal(ops.alive(), before);
  classifier.dispose();
});

test("logits that are not finite are refused before any score", async () => {
  const classifier = await tinyClassifier("bert", kernelOps());
  const passes = mock.method(classifier.model, "forward");
  mock.method(classifier, "predictLogits", () => Promise.resolve(Float32Array.of(1, 2, NaN, NaN)));
  await assert.rejects(attribute(classifier, ["5", "6"]), /attribute: .*gave NaN for the text at index 1\..*diverge/);
  assert.equal(passes.mock.callCount(), 0);
  classifier.dispose();
});

test("weights in 8 bits are refused before any prediction, except for occlusion", async () => {
  const classifier = await tinyClassifier("bert", kernelOps());
  await setPrecision(classifier, "int8");
  const predictions = mock.method(classifier, "predictLogits");
  for (const method of [undefined, "integrated-gradients", "gradient-x-input"] as const)
    await assert.rejects(attribute(classifier, "5 9", { method }), /attribute: the weights must be 32-bit floats/);
  assert.equal(predictions.mock.callCount(), 0);
  const [{ words }] = await attribute(classifier, "5 9", { method: "occlusion" });
  assert.equal(words.length, 2);
  classifier.dispose();
});
