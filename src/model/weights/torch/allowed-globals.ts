import type { TensorDtype } from "../tensor-entry";

/** The storage classes whose numbers can be read, and their element types. */
const STORAGES = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
} as const satisfies Readonly<Record<string, TensorDtype>>;

/** The functions that files of weights call; this program computes their results itself. */
const FUNCTIONS = [
  "collections.OrderedDict",
  "torch._utils._rebuild_tensor",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
] as const;

/** A function that a pickle may call. */
export type AllowedFunction = (typeof FUNCTIONS)[number];

/** A name that a pickle may mention. Every other name is refused before it has an effect. */
export type AllowedGlobal = keyof typeof STORAGES | AllowedFunction;

/** Finds a name in the allow-list. */
export function allowedGlobal(name: string): AllowedGlobal | undefined {
  if (Object.hasOwn(STORAGES, name)) return name as keyof typeof STORAGES;
  return FUNCTIONS.find((allowed) => allowed === name);
}

/** Whether an allowed name is a function, rather than a storage class. */
export function isFunction(name: AllowedGlobal): name is AllowedFunction {
  return !Object.hasOwn(STORAGES, name);
}

/** The element type of a storage class. */
export function storageDtype(name: AllowedGlobal): TensorDtype | undefined {
  return isFunction(name) ? undefined : STORAGES[name];
}
