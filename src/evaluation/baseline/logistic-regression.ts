import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { softmax } from "../softmax";
import { minimizeLbfgs } from "./minimize-lbfgs";
import type { SparseMatrix } from "./sparse-matrix";

/** Options of {@link LogisticRegression}, with scikit-learn's names in camelCase. */
export interface LogisticRegressionOptions {
  /**
   * Class weights, in the order of the sorted labels, or "balanced": n / (classes * texts of the class).
   * @default 1 for each class
   */
  readonly classWeight?: "balanced" | readonly number[];
  /** Inverse strength of the L2 penalty on the coefficients; the intercept is not penalised. @default 1 */
  readonly C?: number;
  /**
   * Training stops when no component of the mean loss's gradient is larger than this. scikit-learn stops at 1e-4, which
   * is before the optimum.
   * @default 1e-8
   */
  readonly tol?: number;
  /** @default 10000 */
  readonly maxIter?: number;
}

/**
 * Logistic regression with an L2 penalty, as scikit-learn's `LogisticRegression`. Minimises C * (sum of the cross
 * entropies times class weights) + |coefficients|^2 / 2. Two classes have one row of coefficients; more classes have
 * one row each (multinomial).
 */
export class LogisticRegression {
  readonly #options: Required<Omit<LogisticRegressionOptions, "classWeight">> &
    Pick<LogisticRegressionOptions, "classWeight">;
  #classes: number[] = [];
  #coef: Float64Array[] = [];
  #intercept: Float64Array = new Float64Array();

  /** @throws TsloraError `bad-option` that lists every bad option. */
  constructor(options: LogisticRegressionOptions = {}) {
    this.#options = {
      C: options.C ?? 1,
      tol: options.tol ?? 1e-8,
      maxIter: options.maxIter ?? 10000,
      classWeight: options.classWeight,
    };
    const { C, tol, maxIter, classWeight } = this.#options;
    const problems = new Problems("LogisticRegression");
    problems.expect(C > 0 && Number.isFinite(C), `C must be a number above 0; got ${C}`);
    problems.expect(tol > 0, `tol must be a number above 0; got ${tol}`);
    problems.expect(
      Number.isSafeInteger(maxIter) && maxIter >= 1,
      `maxIter must be a whole number of at least 1; got ${maxIter}`,
    );
    problems.expect(
      classWeight === undefined ||
        classWeight === "balanced" ||
        (Array.isArray(classWeight) && classWeight.every((weight) => weight > 0 && Number.isFinite(weight))),
      `classWeight must be "balanced" or a number above 0 for each class; got ${JSON.stringify(classWeight)}`,
    );
    problems.throwIfAny();
  }

  /** The sorted labels, in the order of rows and probabilities. */
  get classes(): readonly number[] {
    return this.#classes;
  }

  /** The coefficients: for two classes one row, that of the greater class; else one row per class. */
  get coef(): readonly Float64Array[] {
    return this.#coef;
  }

  /** One number for each row of `coef`. */
  get intercept(): Float64Array {
    return this.#intercept;
  }

  /**
   * Finds the coefficients.
   *
   * @param x - [samples, features]
   * @param y - labels, [samples]
   * @throws TsloraError `bad-input` if lengths differ or there is only one class.
   */
  fit(x: SparseMatrix, y: ArrayLike<number>): this {
    const [samples, features] = x.shape;
    if (y.length !== samples)
      throw new TsloraError(
        "bad-input",
        `LogisticRegression: there must be a label for each of the ${samples} samples; got ${y.length}.`,
      );
    this.#classes = [...new Set(Array.from(y))].sort((a, b) => a - b);
    if (this.#classes.length < 2)
      throw new TsloraError(
        "bad-input",
        `LogisticRegression: there must be two classes or more; got only ${this.#classes.join("")}.`,
      );
    const classOf = new Map(this.#classes.map((label, index) => [label, index]));
    const target = Int32Array.from(y, (label) => classOf.get(label) ?? -1);
    const rows = this.#classes.length === 2 ? 1 : this.#classes.length;
    const weights = this.#weights(target);
    const whole = weights.reduce((a, b) => a + b, 0);
    const penalty = 1 / (this.#options.C * whole);
    const best = minimizeLbfgs(
      (parameters, gradient) => {
        const parts = split(parameters, rows, features);
        const slopes = split(gradient, rows, features);
        let loss = 0;
        for (let k = 0; k < rows * features; k++) {
          loss += (penalty / 2) * parameters[k] ** 2;
          gradient[k] = penalty * parameters[k];
        }
        gradient.fill(0, rows * features);
        for (let i = 0; i < samples; i++) {
          const scores = this.#scores(x, i, parts);
          const { probabilities, logSum } = softmax(scores);
          loss += ((logSum - scores[target[i]]) * weights[i]) / whole;
          slopes.coef.forEach((slope, row) => {
            const k = rows === 1 ? 1 : row;
            const error = (probabilities[k] - (target[i] === k ? 1 : 0)) * (weights[i] / whole);
            for (let j = x.indptr[i]; j < x.indptr[i + 1]; j++) slope[x.indices[j]] += error * x.data[j];
            slopes.intercept[row] += error;
          });
        }
        return loss;
      },
      { ...this.#options, start: new Float64Array(rows * (features + 1)) },
    );
    ({ coef: this.#coef, intercept: this.#intercept } = split(best, rows, features));
    return this;
  }

  /** Scores whose softmax gives the probabilities: [samples][classes]. With two classes, the first score is 0. */
  logits(x: SparseMatrix): number[][] {
    return Array.from({ length: x.shape[0] }, (_, i) =>
      this.#scores(x, i, { coef: this.#coef, intercept: this.#intercept }),
    );
  }

  /** Probabilities in the order of `classes`. [samples][classes] */
  predictProba(x: SparseMatrix): number[][] {
    return this.logits(x).map((scores) => softmax(scores).probabilities);
  }

  /** A weight for each sample, by its class. */
  #weights(target: Int32Array): Float64Array {
    const { classWeight } = this.#options;
    const counts = this.#classes.map((_, k) => target.reduce((count, own) => count + (own === k ? 1 : 0), 0));
    const ofClass =
      classWeight === "balanced"
        ? counts.map((count) => target.length / (counts.length * count))
        : (classWeight ?? counts.map(() => 1));
    if (ofClass.length !== counts.length)
      throw new TsloraError(
        "bad-option",
        `LogisticRegression: classWeight must hold a number for each of the classes ${this.#classes.join(", ")}; got ${ofClass.length}.`,
      );
    return Float64Array.from(target, (own) => ofClass[own]);
  }

  #scores(x: SparseMatrix, i: number, { coef, intercept }: Parameters): number[] {
    const scores = coef.map((row, k) => {
      let score = intercept[k];
      for (let j = x.indptr[i]; j < x.indptr[i + 1]; j++) score += row[x.indices[j]] * x.data[j];
      return score;
    });
    return coef.length === 1 ? [0, scores[0]] : scores;
  }
}

interface Parameters {
  readonly coef: Float64Array[];
  readonly intercept: Float64Array;
}

/** Views of one array of parameters: rows of coefficients, then the intercepts. */
function split(
  parameters: Float64Array,
  rows: number,
  features: number,
): { coef: Float64Array[]; intercept: Float64Array } {
  const coef = Array.from({ length: rows }, (_, row) => parameters.subarray(row * features, (row + 1) * features));
  return { coef, intercept: new Float64Array(parameters.buffer, parameters.byteOffset + rows * features * 8, rows) };
}
