import assert from "node:assert/strict";
import { test } from "node:test";

import { compareCodePoints } from "../../src/base/compare-code-points";
import { TsloraError } from "../../src/base/tslora-error";
import { LogisticRegression } from "../../src/evaluation/baseline/logistic-regression";
import { softmax } from "../../src/evaluation/softmax";
import { minimizeLbfgs } from "../../src/evaluation/baseline/minimize-lbfgs";
import { evaluateBaseline, trainBaseline } from "../../src/evaluation/baseline/evaluate-baseline";
import { TfidfVectorizer, type TfidfOptions } from "../../src/evaluation/baseline/tfidf-vectorizer";
import { assertClose, readGolden } from "./golden";

interface BaselineCase {
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  readonly test: readonly string[];
  readonly options: TfidfOptions;
  readonly classWeight?: "balanced" | readonly number[];
  readonly features: readonly string[];
  readonly matrix: {
    readonly shape: readonly number[];
    readonly indptr: readonly number[];
    readonly indices: readonly number[];
    readonly data: readonly number[];
  };
  readonly coef: readonly (readonly number[])[];
  readonly intercept: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
  /** Probabilities where terms are multiplied by their log-count ratios; for two classes without weights. */
  readonly byRatios?: readonly (readonly number[])[];
}

const cases = readGolden<BaselineCase>("golden-baseline.json");

test("terms and weights are scikit-learn's, in any script", () => {
  for (const { texts, test: unseen, options, features, matrix } of cases) {
    const vectorizer = new TfidfVectorizer(options).fit(texts);
    assert.deepEqual(vectorizer.featureNames, features);
    const { shape, indptr, indices, data } = vectorizer.transform(unseen);
    assert.deepEqual([[...shape], [...indptr], [...indices]], [matrix.shape, matrix.indptr, matrix.indices]);
    assertClose(data, matrix.data, "weights");
  }
});

test("coefficients and probabilities are scikit-learn's at the optimum", () => {
  for (const { texts, labels, test: unseen, options, classWeight, coef, intercept, probabilities } of cases) {
    const vectorizer = new TfidfVectorizer(options).fit(texts);
    const model = new LogisticRegression({ C: 10, classWeight }).fit(vectorizer.transform(texts), labels);
    coef.forEach((row, k) => assertClose(model.coef[k], row, `coefficients ${k}`, 1e-4));
    // With more classes only differences count.
    if (coef.length === 1) assertClose(model.intercept, intercept, "intercept", 1e-4);
    assertClose(model.predictProba(vectorizer.transform(unseen)), probabilities, "probabilities", 1e-5);
  }
});

test("with log-count ratios probabilities are scikit-learn's on columns that are multiplied by them", async () => {
  const binary = cases.filter(({ byRatios }) => byRatios !== undefined);
  assert.ok(binary.length >= 2);
  for (const { texts, labels, test: unseen, options, byRatios = [] } of binary) {
    const train = texts.map((text, i) => ({ text, label: labels[i] }));
    const classifier = trainBaseline(train, { ...options, logCountRatios: true });
    const logits = await classifier.predictLogits(unseen);
    const probabilities = unseen.map((_, i) => softmax([logits[2 * i], logits[2 * i + 1]]).probabilities);
    assertClose(probabilities, byRatios, "probabilities", 1e-5);
  }
  const three = cases[1].texts.map((text, i) => ({ text, label: cases[1].labels[i] }));
  assert.throws(
    () => trainBaseline(three, { labels: ["a", "b", "c"], logCountRatios: true }),
    /logCountRatios is for two classes; got 3/,
  );
});

test("L-BFGS finds the minimum of a long valley, and reports when its iterations do not suffice", () => {
  const scales = [1, 10, 1000, 1e-3];
  const valley = (x: Float64Array, gradient: Float64Array): number => {
    x.forEach((value, i) => (gradient[i] = scales[i] * (value - i)));
    return scales.reduce((sum, scale, i) => sum + (scale / 2) * (x[i] - i) ** 2, 0);
  };
  const start = Float64Array.of(5, -5, 3, 100);
  assertClose(minimizeLbfgs(valley, { start, tol: 1e-9, maxIter: 1000 }), [0, 1, 2, 3], "minimum", 1e-5);
  assert.deepEqual([...start], [5, -5, 3, 100]);
  assert.throws(() => minimizeLbfgs(valley, { start, tol: 1e-9, maxIter: 2 }), /maxIter = 2/);
});

test("strings are ordered by code point, as Python does", () => {
  const ordered = ["", "a", "ab", "b", "é", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10000}a", "\u{20000}"];
  for (const [i, a] of ordered.entries())
    for (const [j, b] of ordered.entries())
      assert.equal(Math.sign(compareCodePoints(a, b)), Math.sign(i - j), `${i} and ${j}`);
});

test("the baseline learns, and is evaluated like any classifier", async () => {
  const [{ texts, labels, test: unseen, probabilities }] = cases;
  const train = texts.map((text, i) => ({ text, label: labels[i] }));
  const classifier = trainBaseline(train, { labels: ["even", "odd"] });
  const logits = await classifier.predictLogits(unseen);
  assert.deepEqual(classifier.labels, ["even", "odd"]);
  probabilities.forEach(([, p], i) =>
    assertClose(1 / (1 + Math.exp(logits[2 * i] - logits[2 * i + 1])), p, `text ${i}`, 1e-5),
  );
  const evaluation = await evaluateBaseline(train, train);
  assert.ok(evaluation.accuracy > 0.9 && evaluation.n === texts.length);
});

test("class weights reach the baseline, and raise the rare label's probability", async () => {
  const train = Array.from({ length: 40 }, (_, i) => ({
    text: i % 8 === 0 ? "red warm stone red" : i % 3 === 0 ? "blue cold stone warm" : "blue cold cloud",
    label: i % 8 === 0 ? 1 : 0,
  }));
  const [plain, weighted] = await Promise.all(
    [undefined, "balanced" as const].map((classWeight) =>
      trainBaseline(train, { classWeight }).predictLogits(["warm stone"]),
    ),
  );
  assert.ok(weighted[1] - weighted[0] > plain[1] - plain[0] + 0.1);
  assert.throws(() => trainBaseline(train, { classWeight: [1, 2, 3] }), /a number for each of the classes 0, 1; got 3/);
  assert.throws(
    () => new LogisticRegression({ classWeight: [0, 1] }),
    /"balanced" or a number above 0 for each class; got \[0,1\]/,
  );
});

test("data from which nothing can be learned are refused", () => {
  const refused = (call: () => unknown, message: RegExp): void => {
    assert.throws(call, (error) => error instanceof TsloraError && message.test(error.message));
  };
  refused(() => trainBaseline([{ text: "warm warm", label: 0 }]), /there is none of POSITIVE/);
  refused(
    () =>
      trainBaseline([
        { text: "red", label: 0 },
        { text: "blue", label: 1 },
      ]),
    /no term occurs in 2 or more of the 2 texts/,
  );
  refused(() => new TfidfVectorizer({ ngramRange: [2, 1], minDf: 0 }), /ngramRange[^]*minDf/);
  refused(() => new LogisticRegression({ C: NaN }), /C must be a number above 0; got NaN/);
});
