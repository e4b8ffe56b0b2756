import { shownValue } from "../../../base/shown-value";
import { ELEMENT_BYTES } from "../tensor-entry";
import { ByteSource } from "./byte-source";
import { loadPickle } from "./load-pickle";
import { isKind } from "./pickle-stack";
import type { TorchContent, TorchSource } from "./torch-content";
import { TorchStorages } from "./torch-storages";
import { kindOfValue, type PickleValue } from "./torch-values";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Reads the format of torch before 1.6: pickles of a magic number, the protocol, facts about the machine, the object
 * and the keys of its storages, followed by each storage: its number of elements in 8 bytes, and the elements. Numbers
 * are little-endian whatever machine wrote them.
 */
export function readLegacyFormat({ handle, size, allowance, refusals }: TorchSource): TorchContent {
  const source = new ByteSource(handle.fd, {
    start: 0,
    end: size,
    truncated: () => refusals.damaged("it ends too early"),
  });
  const storages = new TorchStorages(refusals, (bytes) => allowance.spend(bytes));
  const load = (persistent: (id: PickleValue) => PickleValue): PickleValue =>
    loadPickle({ source, allowance, refusals, persistent });
  const noStorages = (): never => {
    throw refusals.damaged("it has a storage where none belongs");
  };
  if (load(noStorages) !== MAGIC)
    throw refusals.unsupported(
      "this is a pickle, but torch.save did not write it. Save the weights with torch.save(model.state_dict(), path), or as safetensors.",
    );
  const protocol = load(noStorages);
  if (protocol !== PROTOCOL)
    throw refusals.damaged(
      `its protocol must be ${PROTOCOL}; got ${typeof protocol === "number" ? protocol : kindOfValue(protocol)}`,
    );
  load(noStorages); // facts about the machine, which torch does not use
  const root = load(storages.find);
  const keys = load(noStorages);
  if (!isKind(keys, "list")) throw refusals.damaged(`the keys of its storages are ${kindOfValue(keys)}`);
  return { root, positions: findStorages(keys.items, { source, storages, refusals }), byteOrder: "little" };
}

/** Finds the first byte of each storage. */
function findStorages(
  keys: readonly PickleValue[],
  { source, storages, refusals }: { source: ByteSource; storages: TorchStorages } & Pick<TorchSource, "refusals">,
): Map<string, number> {
  const positions = new Map<string, number>();
  for (const key of keys) {
    const block = typeof key === "string" ? storages.blocks.get(key) : undefined;
    if (typeof key !== "string" || block === undefined)
      throw refusals.damaged("it holds a storage that no tensor uses");
    if (positions.has(key)) throw refusals.damaged(`it holds storage ${shownValue(key)} twice`);
    const count = source.bytes(8).readBigInt64LE();
    if (count !== BigInt(block.count))
      throw refusals.damaged(`storage ${shownValue(key)} must have ${block.count} numbers; it has ${count}`);
    positions.set(key, source.position);
    source.skip(block.count * ELEMENT_BYTES[block.dtype]);
  }
  for (const [key, { count }] of storages.blocks)
    if (count > 0 && !positions.has(key)) throw refusals.damaged(`storage ${shownValue(key)} is missing`);
  return positions;
}
