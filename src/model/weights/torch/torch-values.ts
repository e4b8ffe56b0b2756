import type { TensorDtype } from "../tensor-entry";
import type { AllowedGlobal } from "./allowed-globals";

/** A value that a pickle of weights can hold. Nothing in it is a class or function of this program. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleTuple
  | PickleList
  | PickleDict
  | PickleGlobal
  | TorchStorage
  | TorchTensor;

/** A Python tuple. */
export interface PickleTuple {
  readonly kind: "tuple";
  readonly items: readonly PickleValue[];
}

/** A Python list. */
export interface PickleList {
  readonly kind: "list";
  readonly items: PickleValue[];
}

/** A Python dict or OrderedDict. */
export interface PickleDict {
  readonly kind: "dict";
  readonly entries: Map<PickleValue, PickleValue>;
  /** Whether the dict is an OrderedDict; only an OrderedDict may have attributes. */
  readonly ordered: boolean;
}

/** The name of a class or function, e.g. `torch.FloatStorage`. It is never looked up. */
export interface PickleGlobal {
  readonly kind: "global";
  readonly name: AllowedGlobal;
}

/** A block of numbers, or a part of it, that is elsewhere in the file. */
export interface TorchStorage {
  readonly kind: "storage";
  /** Its name in the file. */
  readonly key: string;
  readonly dtype: TensorDtype;
  /** Number of elements of the whole block. */
  readonly whole: number;
  /** First element of this part, and number of its elements. */
  readonly start: number;
  readonly count: number;
}

/** A view of a storage. */
export interface TorchTensor {
  readonly kind: "tensor";
  readonly storage: TorchStorage;
  /** First element, counted from the start of `storage`. */
  readonly offset: number;
  readonly shape: readonly number[];
  /** Elements of the storage between neighbours in each dimension. */
  readonly strides: readonly number[];
}

/** Describes a value in a few words for a message; never walks through it. */
export function kindOfValue(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value === "object") return value.kind === "global" ? value.name : `a ${value.kind}`;
  if (typeof value === "string") return "a text";
  return typeof value === "boolean" ? String(value) : "a number";
}
