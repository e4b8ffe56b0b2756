import type { OpAttribute } from "../load-tensorflow";
import { OPERATION_RULES, type AttributeValues, type OperationRule } from "./operation-rules";

/** An operation with its attributes. */
export interface OperationKind {
  /** Number of the kind among all kinds. */
  readonly index: number;
  readonly op: string;
  readonly attributes: readonly OpAttribute[];
  readonly byName: AttributeValues;
  /** Undefined if the operation cannot be recorded. */
  readonly rule: OperationRule | undefined;
}

/** Numbers operations with their attributes, so that recordings can be compared as numbers. */
export class OperationKinds {
  readonly #byArray = new Map<string, WeakMap<readonly OpAttribute[], OperationKind>>();
  readonly #byText = new Map<string, OperationKind>();
  readonly #all: OperationKind[] = [];

  kind(op: string, attributes: readonly OpAttribute[]): OperationKind {
    const known = this.#byArray.get(op)?.get(attributes);
    if (known !== undefined) return known;
    const text = JSON.stringify([op, attributes]);
    let kind = this.#byText.get(text);
    if (kind === undefined) {
      const byName = new Map(attributes.map(({ name, value }) => [name, value]));
      kind = { index: this.#all.length, op, attributes, byName, rule: OPERATION_RULES.get(op) };
      this.#byText.set(text, kind);
      this.#all.push(kind);
    }
    const ofOp = this.#byArray.get(op) ?? new WeakMap<readonly OpAttribute[], OperationKind>();
    this.#byArray.set(op, ofOp.set(attributes, kind));
    return kind;
  }

  at(index: number): OperationKind {
    return this.#all[index];
  }
}
