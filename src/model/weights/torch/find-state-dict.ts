import { shownNames } from "../../../base/shown-value";
import type { TorchRefusals } from "./pickle-refusal";
import { isKind } from "./pickle-stack";
import { kindOfValue, type PickleDict, type PickleValue, type TorchTensor } from "./torch-values";

/** Keys under which training programs, such as Lightning, fairseq and timm, store a state dict among other objects. */
const WRAPPERS: readonly string[] = ["state_dict", "model_state_dict", "model"];

/** The tensors of a file by name. */
export interface StateDict {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** The key of the state dict, if the file holds other objects, too. */
  readonly under?: string;
  /** Names of content that is not read: values other than tensors, and objects next to the state dict. */
  readonly skipped: readonly string[];
}

/**
 * Finds the state dict in a saved object: the dict of tensors that it has under one of {@link WRAPPERS}, or else the
 * object itself. A training program may save a tensor, such as the loss, next to the state dict.
 *
 * @throws TsloraError if there is none, or it is unclear which
 */
export function findStateDict(root: PickleValue, refusals: TorchRefusals): StateDict {
  if (!isKind(root, "dict"))
    throw refusals.unsupported(
      `the file holds ${kindOfValue(root)}; weights are saved as a state dict: torch.save(model.state_dict(), path).`,
    );
  const wrapped = WRAPPERS.filter((key) => {
    const inner = root.entries.get(key);
    return isKind(inner, "dict") && [...inner.entries.values()].some((value) => isKind(value, "tensor"));
  });
  const [under] = wrapped;
  const inner = under === undefined ? undefined : root.entries.get(under);
  if (wrapped.length > 1)
    throw refusals.unsupported(
      `the file holds several state dicts: ${shownNames(wrapped)}. Save the one to use alone: torch.save(file[key], path).`,
    );
  if (!isKind(inner, "dict")) return bareStateDict(root, refusals);
  const found = tensorsOf(inner, refusals);
  return {
    tensors: found,
    under,
    skipped: [...keysOf(root).filter((key) => key !== under), ...keysOf(inner).filter((key) => !found.has(key))],
  };
}

/** The saved object itself as the state dict. */
function bareStateDict(root: PickleDict, refusals: TorchRefusals): StateDict {
  const tensors = tensorsOf(root, refusals);
  if (tensors.size === 0 && root.entries.size > 0)
    throw refusals.unsupported(
      `the file holds no tensors, only ${shownNames(keysOf(root)) || "other values"}; ` +
        `a state dict is looked for in it and under ${shownNames(WRAPPERS)}. Save it alone: torch.save(model.state_dict(), path).`,
    );
  return { tensors, skipped: keysOf(root).filter((key) => !tensors.has(key)) };
}

function tensorsOf({ entries }: PickleDict, refusals: TorchRefusals): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  for (const [key, value] of entries) {
    if (!isKind(value, "tensor")) continue;
    if (typeof key !== "string") throw refusals.damaged(`a tensor has ${kindOfValue(key)} as its name`);
    tensors.set(key, value);
  }
  return tensors;
}

function keysOf({ entries }: PickleDict): string[] {
  return [...entries.keys()].map((key) => (typeof key === "string" ? key : kindOfValue(key)));
}
