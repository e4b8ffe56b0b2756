import type { TensorDtype } from "../tensor-entry";
import { storageDtype } from "./allowed-globals";
import type { TorchRefusals } from "./pickle-refusal";
import { isKind } from "./pickle-stack";
import { kindOfValue, type PickleValue, type TorchStorage } from "./torch-values";

/** A block of numbers that a file holds: its element type and number of elements. */
export interface StorageBlock {
  readonly dtype: TensorDtype;
  readonly count: number;
}

/** Collects the storages that a pickle names by persistent ids. */
export class TorchStorages {
  readonly blocks = new Map<string, StorageBlock>();
  readonly #refusals: TorchRefusals;
  readonly #spend: (bytes: number) => void;

  constructor(refusals: TorchRefusals, spend: (bytes: number) => void) {
    this.#refusals = refusals;
    this.#spend = spend;
  }

  /**
   * Reads a persistent id: `("storage", class, key, device, number of elements)`, and in the legacy format the part of
   * the storage that is meant, `None` or `(key, first element, number of elements)`.
   */
  readonly find = (id: PickleValue): TorchStorage => {
    const damaged = (what: string): Error => this.#refusals.damaged(`its pickle names a storage by ${what}`);
    if (!isKind(id, "tuple"))
      throw this.#refusals.forbidden(`for a persistent id that is ${kindOfValue(id)}, not a storage`);
    const [type, storageClass, key, device, count, part = null] = id.items;
    if (type !== "storage")
      throw this.#refusals.forbidden(
        `for a persistent id of the type ${type === "module" ? '"module", a class with its source' : kindOfValue(type)}, not a storage`,
      );
    const dtype = isKind(storageClass, "global") ? storageDtype(storageClass.name) : undefined;
    if (dtype === undefined) throw damaged(`${kindOfValue(storageClass)} instead of a storage class`);
    if (typeof key !== "string" || typeof device !== "string" || id.items.length > 6)
      throw damaged("a key or device of another kind");
    if (!isCount(count)) throw damaged(`${kindOfValue(count)} as its number of elements`);
    this.#add(key, { dtype, count });
    const [start, length] = part === null ? [0, count] : this.#part(part, count);
    return { kind: "storage", key, dtype, whole: count, start, count: length };
  };

  #add(key: string, { dtype, count }: StorageBlock): void {
    const known = this.blocks.get(key);
    if (known !== undefined) {
      if ((known.dtype === dtype && known.count === count) || count === 0) return;
      throw this.#refusals.damaged(
        `storage ${JSON.stringify(key.slice(0, 80))} has ${known.count} numbers of type ${known.dtype} in one place and ${count} of ${dtype} in another`,
      );
    }
    this.#spend(200);
    this.blocks.set(key, { dtype, count });
  }

  #part(value: PickleValue, whole: number): readonly [start: number, length: number] {
    const [, start, length] = isKind(value, "tuple") ? value.items : [];
    if (!isCount(start) || !isCount(length) || start + length > whole)
      throw this.#refusals.damaged("its pickle names a part of a storage that is not within it");
    return [start, length];
  }
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
