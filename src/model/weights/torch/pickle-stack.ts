import type { Allowance } from "./allowance";
import type { ByteSource } from "./byte-source";
import type { TorchRefusals } from "./pickle-refusal";
import { kindOfValue, type PickleDict, type PickleTuple, type PickleValue } from "./torch-values";

/** The inputs of a pickle's interpreter. */
export interface PickleContext {
  readonly source: ByteSource;
  readonly allowance: Allowance;
  readonly refusals: TorchRefusals;
  /** Finds the storage that a persistent id names. */
  persistent(id: PickleValue): PickleValue;
}

/** Estimated bytes of memory, for {@link Allowance}. */
const COST = { collection: 100, item: 8, dict: 200, entry: 40, memo: 32 } as const;

/** Stack, marks and memo of a pickle that is being interpreted. */
export class PickleStack {
  readonly context: PickleContext;
  readonly #values: PickleValue[] = [];
  /** Number of values below each mark. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(context: PickleContext) {
    this.context = context;
  }

  push(value: PickleValue): void {
    this.#values.push(value);
  }

  /** Removes the topmost value. Values below the last mark are out of reach. */
  pop(): PickleValue {
    const value = this.#values.length > (this.#marks.at(-1) ?? 0) ? this.#values.pop() : undefined;
    if (value === undefined) throw this.context.refusals.damaged("its pickle takes more values than it gives");
    return value;
  }

  /** The topmost value. */
  top(): PickleValue {
    const value = this.pop();
    this.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#values.length);
  }

  /** Removes the values above the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const start = this.#marks.pop();
    if (start === undefined) throw this.context.refusals.damaged("its pickle takes values to a mark that is not there");
    return this.#values.splice(start);
  }

  memoize(index = this.#memo.size): void {
    this.context.allowance.spend(COST.memo);
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined)
      throw this.context.refusals.damaged(`its pickle recalls value ${index}, which is not there`);
    this.push(value);
  }

  /** Puts the last `count` values into a tuple. */
  tuple(count: number): void {
    const items: PickleValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.pop());
    this.push(this.newTuple(items.reverse()));
  }

  newTuple(items: readonly PickleValue[]): PickleTuple {
    this.context.allowance.spend(COST.collection + COST.item * items.length);
    return { kind: "tuple", items };
  }

  newList(): PickleValue {
    this.context.allowance.spend(COST.collection);
    return { kind: "list", items: [] };
  }

  newDict({ ordered }: { readonly ordered: boolean }): PickleDict {
    this.context.allowance.spend(COST.dict);
    return { kind: "dict", entries: new Map(), ordered };
  }

  /** Adds to the list on top of the stack. */
  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!isKind(list, "list")) throw this.context.refusals.damaged(`its pickle appends to ${kindOfValue(list)}`);
    this.context.allowance.spend(COST.item * items.length);
    for (const item of items) list.items.push(item);
  }

  /** Adds keys and values, in turn, to the dict on top of the stack. */
  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!isKind(dict, "dict")) throw this.context.refusals.damaged(`its pickle sets an item of ${kindOfValue(dict)}`);
    if (items.length % 2 !== 0) throw this.context.refusals.damaged("its pickle sets a key without a value");
    for (let i = 0; i < items.length; i += 2) this.setItem(dict, items[i], items[i + 1]);
  }

  /** Adds a key to a dict. Refuses one that cannot be a key in Python, or that the dict has. */
  setItem(dict: PickleDict, key: PickleValue, value: PickleValue): void {
    const { allowance, refusals } = this.context;
    if (typeof key === "object" && key !== null && key.kind !== "tuple")
      throw refusals.damaged(`its pickle has ${kindOfValue(key)} as a key`);
    if (dict.entries.has(key)) throw refusals.damaged("its pickle gives a key twice");
    allowance.spend(COST.entry);
    dict.entries.set(key, value);
  }
}

/** Whether a value is of a kind. */
export function isKind<K extends "tuple" | "list" | "dict" | "global" | "storage" | "tensor">(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { readonly kind: K }> {
  return typeof value === "object" && value !== null && value.kind === kind;
}
