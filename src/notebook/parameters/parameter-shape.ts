import { isRecord } from "../../base/json";

/**
 * The values that a parameter takes, as far as the text of its type shows.
 *
 * - `number` keeps ints and floats as written; `float` converts an int to a float; `bigint` is TypeScript's.
 * - `scalar` is an untyped Python parameter whose default is a string: its texts are read as papermill reads them.
 */
export type ParameterShape =
  | { readonly kind: "string" | "float" | "integer" | "bigint" | "boolean" | "null" | "undefined" | "scalar" | "any" }
  | {
      readonly kind: "number";
      /** Writes a whole number of JavaScript as a float. */ readonly prefersFloat?: boolean;
    }
  | { readonly kind: "literal"; readonly value: string | number | bigint | boolean | null }
  | { readonly kind: "union"; readonly of: readonly ParameterShape[] }
  | { readonly kind: "array"; readonly of: ParameterShape }
  | {
      readonly kind: "tuple";
      /** The shapes of the first items. */ readonly of: readonly ParameterShape[];
      /** The shape of any number of further items. @default no further items */ readonly rest?: ParameterShape;
    }
  | {
      readonly kind: "set";
      readonly of: ParameterShape;
      /** Python's frozenset. */ readonly isFrozen?: boolean;
    }
  | {
      readonly kind: "record";
      readonly of: ParameterShape;
      /** The keys' type. @default strings */ readonly key?: ParameterShape;
    }
  | {
      readonly kind: "object";
      readonly fields: ReadonlyMap<string, { readonly shape: ParameterShape; readonly optional: boolean }>;
    };

/** One parameter of a notebook, as its parameters cell declares it. */
export interface NotebookParameter {
  readonly name: string;
  /** The type as written, or that of the default. */
  readonly type: string;
  /** The default's source text. */
  readonly default: string;
  readonly comment: string;
  readonly shape: ParameterShape;
  /** The declaration with another value in place of the default. */
  readonly assign: (literal: string) => string;
}

/** Whether a shape, or a part of a union, is of a kind. */
export function takesKind(shape: ParameterShape, kind: ParameterShape["kind"]): boolean {
  return shape.kind === "union" ? shape.of.some((part) => takesKind(part, kind)) : shape.kind === kind;
}

/** Whether a shape takes a text as one of its string literals. */
export function takesLiteral(text: string, shape: ParameterShape): boolean {
  if (shape.kind === "union") return shape.of.some((part) => takesLiteral(text, part));
  return shape.kind === "literal" && shape.value === text;
}

/** The entries of a map: a Map, or an object made by an object literal or by JSON. */
export function entriesOf(value: unknown): readonly (readonly [key: unknown, value: unknown])[] | undefined {
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)];
  if (!isRecord(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.entries(value) : undefined;
}
