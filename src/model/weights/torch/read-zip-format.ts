import { shownValue } from "../../../base/shown-value";
import { readInto } from "../read-floats";
import { ELEMENT_BYTES } from "../tensor-entry";
import { ByteSource } from "./byte-source";
import { loadPickle } from "./load-pickle";
import type { TorchContent, TorchSource } from "./torch-content";
import { TorchStorages } from "./torch-storages";
import { readZipRecords, type ZipRecords } from "./zip-records";

/**
 * Reads the format of torch 1.6 and later: an archive with `NAME/data.pkl`, and `NAME/data/KEY` for each storage. Reads
 * the pickle and the archive's directory; checks the size of each storage.
 */
export async function readZipFormat(source: TorchSource): Promise<TorchContent> {
  const { handle, size, allowance, refusals } = source;
  const records = await readZipRecords({ fd: handle.fd, size }, refusals);
  const folder = records.first.split("/", 1)[0];
  if (records.has(`${folder}/constants.pkl`))
    throw refusals.unsupported(
      "this is a TorchScript program (torch.jit.save). Save the weights of its module: torch.save(module.state_dict(), path).",
    );
  const pickle = await records.find(`${folder}/data.pkl`);
  const byteOrder = await readByteOrder(records, `${folder}/byteorder`, source);
  const storages = new TorchStorages(refusals, (bytes) => allowance.spend(bytes));
  const bytes = new ByteSource(handle.fd, {
    start: pickle.position,
    end: pickle.position + pickle.length,
    truncated: () => refusals.damaged("its pickle has no end"),
  });
  const root = loadPickle({ source: bytes, allowance, refusals, persistent: storages.find });
  const positions = new Map<string, number>();
  for (const [key, { dtype, count }] of storages.blocks) {
    const record = await records.find(`${folder}/data/${key}`);
    const expected = count * ELEMENT_BYTES[dtype];
    if (record.length !== expected)
      throw refusals.damaged(
        `storage ${shownValue(key)} of ${count} numbers of type ${dtype} takes ${expected} bytes, and ${record.length} are there`,
      );
    positions.set(key, record.position);
  }
  return { root, positions, byteOrder };
}

/** The order of the bytes of a number; files of torch before 2.1 do not name it, and have "little". */
async function readByteOrder(
  records: ZipRecords,
  name: string,
  { handle, refusals }: TorchSource,
): Promise<TorchContent["byteOrder"]> {
  if (!records.has(name)) return "little";
  const { position, length } = await records.find(name);
  const bytes = Buffer.alloc(Math.min(length, 16));
  await readInto(handle, bytes, { position, path: name, name });
  const order = bytes.toString("latin1");
  if (order === "little" || order === "big") return order;
  throw refusals.damaged(`its byteorder must be "little" or "big"; got ${shownValue(order)}`);
}
