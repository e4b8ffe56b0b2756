import type { Problems } from "../../base/problems";
import { shownValue } from "../../base/shown-value";
import type { Activation } from "../encoder-structure";

/**
 * Largest value of any size, the limit of a 32-bit index. Sizes are compared with the weights when these are opened.
 */
const LARGEST_SIZE = 2 ** 31 - 1;

/** transformers' names of activations, and the function that each one is. */
const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: "gelu",
  gelu_python: "gelu",
  gelu_new: "gelu-tanh",
  gelu_fast: "gelu-tanh",
  gelu_accurate: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  silu: "silu",
  swish: "silu",
  relu: "relu",
  tanh: "tanh",
};

/**
 * The fields of a config.json. Each method returns a field's value, or the default if the field is missing, and reports
 * a value that is not of its kind. As in transformers, null is not the default.
 */
export class ConfigFields {
  constructor(
    readonly json: Readonly<Record<string, unknown>>,
    readonly problems: Problems,
  ) {}

  /** The value as it is, or the default. */
  given(name: string, fallback: unknown): unknown {
    return this.json[name] === undefined ? fallback : this.json[name];
  }

  /** A whole number from 1. */
  count(name: string, fallback: number): number {
    const value = this.given(name, fallback);
    this.problems.expect(
      typeof value === "number" && Number.isInteger(value) && value > 0 && value <= LARGEST_SIZE,
      `"${name}" must be a whole number from 1 to ${LARGEST_SIZE}; got ${shownValue(value)}`,
    );
    return value as number;
  }

  /** A dropout rate. */
  rate(name: string, fallback: number): number {
    const value = this.given(name, fallback);
    this.problems.expect(
      typeof value === "number" && value >= 0 && value < 1,
      `"${name}" must be a number in [0, 1); got ${shownValue(value)}`,
    );
    return value as number;
  }

  /** The first rate of several fields that is neither missing nor null. The last field must not be null. */
  firstRate(names: readonly string[], fallback: number): number {
    const last = names[names.length - 1];
    return this.rate(names.find((name) => (this.json[name] ?? null) !== null) ?? last, fallback);
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.given(name, fallback);
    this.problems.expect(typeof value === "boolean", `"${name}" must be true or false; got ${shownValue(value)}`);
    return value === true;
  }

  /** One of several words. */
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.given(name, fallback);
    const found = choices.find((choice) => choice === value);
    this.problems.expect(
      found !== undefined,
      `"${name}" must be one of ${choices.map((choice) => `"${choice}"`).join(", ")}; got ${shownValue(value)}`,
    );
    return found ?? fallback;
  }

  /** An activation function by transformers' name. */
  activation(name: string, fallback: string): Activation {
    const value = this.given(name, fallback);
    const known = typeof value === "string" && Object.hasOwn(ACTIVATIONS, value);
    this.problems.expect(
      known,
      `"${name}" must be an activation that tslora knows: ${Object.keys(ACTIVATIONS).join(", ")}; got ${shownValue(value)}`,
    );
    return known ? ACTIVATIONS[value] : "gelu";
  }

  /** A number above 0. */
  positive(name: string, value: unknown): number {
    this.problems.expect(
      typeof value === "number" && value > 0 && Number.isFinite(value),
      `"${name}" must be a number above 0; got ${shownValue(value)}`,
    );
    return value as number;
  }

  /** The epsilon of layer norms. */
  epsilon(name: string, fallback: number): number {
    const value = this.given(name, fallback);
    this.problems.expect(
      typeof value === "number" && value > 0 && value < 1,
      `"${name}" must be a number above 0 and below 1; got ${shownValue(value)}`,
    );
    return value as number;
  }

  /** The standard deviation of new weights. */
  spread(name: string, fallback: number): number {
    const value = this.given(name, fallback);
    this.problems.expect(
      typeof value === "number" && value > 0 && value <= 100,
      `"${name}" must be a number above 0, at most 100; got ${shownValue(value)}`,
    );
    return value as number;
  }

  /** The pad token's id. Undefined if it is null, which is an error where positions count from it. */
  padToken(fallback: number, { needed = false }: { needed?: boolean } = {}): number | undefined {
    const value = this.given("pad_token_id", fallback);
    if (value === null && !needed) return undefined;
    this.problems.expect(
      typeof value === "number" && Number.isInteger(value) && value >= 0,
      `"pad_token_id" must be a whole number from 0; got ${shownValue(value)}`,
    );
    return typeof value === "number" ? value : fallback;
  }
}
