import { MAX_RANK } from "../tensor-entry";
import { isFunction, type AllowedFunction, type AllowedGlobal } from "./allowed-globals";
import { isKind, type PickleStack } from "./pickle-stack";
import { kindOfValue, type PickleValue, type TorchTensor } from "./torch-values";

const TENSOR_COST = 200; // bytes of memory, estimated

/**
 * Computes what an allowed function returns, from its arguments alone.
 *
 * @throws TsloraError if the name is a class's, or an argument is not what torch.save writes
 */
export function callFunction(stack: PickleStack, name: AllowedGlobal, args: readonly PickleValue[]): PickleValue {
  if (!isFunction(name)) throw stack.context.refusals.forbidden(`to call ${name}`);
  return FUNCTIONS[name](stack, args);
}

const FUNCTIONS: Readonly<Record<AllowedFunction, (stack: PickleStack, args: readonly PickleValue[]) => PickleValue>> =
  {
    "collections.OrderedDict": orderedDict,
    "torch._utils._rebuild_tensor": (stack, args) => rebuildTensor(stack, args, "_rebuild_tensor"),
    "torch._utils._rebuild_tensor_v2": (stack, args) => {
      const [, , , , requiresGrad, hooks, metadata = null] = args;
      const { refusals } = stack.context;
      if (args.length < 6 || args.length > 7 || typeof requiresGrad !== "boolean" || !areNoHooks(hooks))
        throw refusals.damaged(`it calls torch._utils._rebuild_tensor_v2 with ${args.length} arguments of other kinds`);
      if (metadata !== null && !(isKind(metadata, "dict") && metadata.entries.size === 0))
        throw refusals.forbidden("for a conjugated or negated view (the metadata of _rebuild_tensor_v2)");
      return rebuildTensor(stack, args.slice(0, 4), "_rebuild_tensor_v2");
    },
    "torch._utils._rebuild_parameter": ({ context: { refusals } }, args) => {
      const [data, requiresGrad, hooks] = args;
      if (args.length !== 3 || !isKind(data, "tensor") || typeof requiresGrad !== "boolean" || !areNoHooks(hooks))
        throw refusals.damaged(`it calls torch._utils._rebuild_parameter with ${kindOfValue(data)}`);
      return data;
    },
  };

/** Makes an OrderedDict: empty, as Python 3 writes it, or from a list of pairs, as Python 2 does. */
function orderedDict(stack: PickleStack, args: readonly PickleValue[]): PickleValue {
  const dict = stack.newDict({ ordered: true });
  const [pairs] = args;
  if (args.length === 0) return dict;
  const damaged = (what: string): Error =>
    stack.context.refusals.damaged(`it calls collections.OrderedDict with ${what}`);
  if (args.length > 1) throw damaged(`${args.length} arguments`);
  if (!isKind(pairs, "list")) throw damaged(kindOfValue(pairs));
  for (const pair of pairs.items) {
    if (!(isKind(pair, "list") || isKind(pair, "tuple")) || pair.items.length !== 2)
      throw damaged(`${kindOfValue(pair)} that is no pair`);
    stack.setItem(dict, pair.items[0], pair.items[1]);
  }
  return dict;
}

/** Whether a tensor's hooks, functions that run with its gradient, are none. */
function areNoHooks(value: PickleValue | undefined): boolean {
  return value === null || (isKind(value, "dict") && value.entries.size === 0);
}

/** Checks that a view is within its storage. */
function rebuildTensor(
  { context: { allowance, refusals } }: PickleStack,
  args: readonly PickleValue[],
  name: string,
): TorchTensor {
  const [storage, offset, size, stride] = args;
  const damaged = (what: string): Error => refusals.damaged(`it calls torch._utils.${name} with ${what}`);
  if (args.length !== 4 || !isKind(storage, "storage")) throw damaged(`${kindOfValue(storage)} as the storage`);
  if (!isWhole(offset)) throw damaged(`${kindOfValue(offset)} as the offset`);
  const [shape, strides] = [wholeNumbers(size), wholeNumbers(stride)];
  if (shape === undefined || strides?.length !== shape.length) throw damaged("a size or stride of another kind");
  if (shape.length > MAX_RANK) throw damaged(`${shape.length} dimensions; at most ${MAX_RANK} are read`);
  const last = shape.reduce((sum, n, i) => sum + (n - 1) * strides[i], offset);
  if (!shape.includes(0) && !(last < storage.count))
    throw damaged(
      `a view of [${shape.join(", ")}] from ${offset} in steps of [${strides.join(", ")}], beyond the ${storage.count} numbers of its storage`,
    );
  allowance.spend(TENSOR_COST);
  return { kind: "tensor", storage, offset, shape, strides };
}

function isWhole(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function wholeNumbers(value: PickleValue | undefined): readonly number[] | undefined {
  return isKind(value, "tuple") && value.items.every(isWhole) ? value.items : undefined;
}
