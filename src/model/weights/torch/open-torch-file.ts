import { basename } from "node:path";

import { shownNames, shownValue } from "../../../base/shown-value";
import { TsloraError } from "../../../base/tslora-error";
import { sizeOf } from "../../../ops/tensor";
import { openWithHeader, type KnownHeader, type WeightsFile } from "../open-with-header";
import { floatsOf, readFloats, readInto } from "../read-floats";
import { ELEMENT_BYTES, type TensorEntry } from "../tensor-entry";
import { Allowance } from "./allowance";
import { findStateDict, type StateDict } from "./find-state-dict";
import { torchRefusals, type TorchRefusals } from "./pickle-refusal";
import { readLegacyFormat } from "./read-legacy-format";
import { isContiguous, readView, spanOf, storedTensor, type PlacedView } from "./read-view";
import { readZipFormat } from "./read-zip-format";
import type { TorchContent, TorchSource } from "./torch-content";

/** The largest size of a tensor in bytes, unless its file is larger. */
const ALWAYS = 16 * 2 ** 20;

/**
 * All tensors together may have this many times the largest size of one: a file that has tied weights, or the weights
 * of a layer under the name of each layer that uses them, holds the numbers once.
 */
const SHARED = 16;

/** An open file of torch.save whose pickle has been read. The caller closes it. */
export interface TorchFile {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** A sentence with the state dict's key and the content that is not read; undefined for a bare state dict. */
  readonly notice: string | undefined;
  /**
   * Reads one tensor as 32-bit floats; F16 and BF16 are widened, F64 is rounded.
   *
   * @throws TsloraError `bad-input` if a number is NaN, infinite, or too large for a weight.
   */
  readFloats(name: string): Promise<Float32Array>;
  /** Reads one tensor's elements in the order of its indices, each in the bytes of its own type. */
  readBytes(name: string): Promise<Uint8Array>;
  close(): Promise<void>;
  /** Opens the file again. Its pickle is read again only if the file has changed. */
  reopen(): Promise<TorchFile>;
}

/** The checked content of a file, except the numbers. */
interface TorchHeader {
  readonly content: TorchContent;
  readonly state: StateDict;
  readonly entries: ReadonlyMap<string, TensorEntry>;
}

/**
 * Opens a file that torch.save wrote: `pytorch_model.bin`, `adapter_model.bin`, in the zip format (torch 1.6 and later)
 * or the older one. Interprets its pickle without executing anything: see {@link loadPickle}. The file holds a state
 * dict, or an object that has one under "state_dict", "model_state_dict" or "model". Checks the place of every tensor,
 * and reads no numbers yet.
 *
 * @throws TsloraError `bad-input` for a damaged file, `unsupported` for one that asks for any other function or opcode,
 *   naming it.
 */
export async function openTorchFile(path: string): Promise<TorchFile> {
  return openKnown(path);
}

async function openKnown(path: string, known?: KnownHeader<TorchHeader>): Promise<TorchFile> {
  const { handle, shown, version, header } = await openWithHeader(path, { read: readHeader, known });
  const place = (name: string): PlacedView => placeView(name, { shown, ...header });
  return {
    path,
    entries: header.entries,
    notice: noticeOf(path, header.state),
    readFloats: async (name) => {
      const placed = place(name);
      const stored = storedTensor(placed);
      if (placed.byteOrder === "little" && isContiguous(placed.view)) return readFloats(handle, stored);
      const { buffer } = await readView(handle, placed);
      return floatsOf(buffer as ArrayBuffer, stored);
    },
    readBytes: async (name) => readView(handle, place(name)),
    close: () => handle.close(),
    reopen: () => openKnown(path, { version, header }),
  };
}

async function readHeader({ handle, size, shown }: WeightsFile): Promise<TorchHeader> {
  const refusals = torchRefusals(shown);
  const allowance = new Allowance(size, (limit) =>
    refusals.damaged(`its pickle would take more than ${Math.round(limit / 2 ** 20)} MiB of memory`),
  );
  const content = await readContent({ handle, size, allowance, refusals }, shown);
  const state = findStateDict(content.root, refusals);
  return { content, state, entries: entriesOf(state, { size, refusals }) };
}

/** The entries of a state dict whose tensors are not far larger than the file. */
function entriesOf(
  { tensors }: StateDict,
  { size, refusals }: { readonly size: number; readonly refusals: TorchRefusals },
): Map<string, TensorEntry> {
  const entries = new Map<string, TensorEntry>();
  const most = Math.max(size, ALWAYS);
  let total = 0;
  for (const [name, view] of tensors) {
    const { shape, storage } = view;
    const bytes = sizeOf(shape) * ELEMENT_BYTES[storage.dtype];
    if (bytes > most)
      throw refusals.damaged(
        `tensor ${shownValue(name)} of shape [${shape.join(", ")}] has more numbers than the file of ${size} bytes`,
      );
    total += Math.max(bytes, spanOf(view)); // a view with large steps reads more than it has
    entries.set(name, { name, dtype: storage.dtype, shape });
  }
  if (total > SHARED * most)
    throw refusals.damaged(
      `reading its ${tensors.size} tensors takes ${Math.round(total / 2 ** 20)} MiB, and the file has ${size} bytes`,
    );
  return entries;
}

/** Recognizes the format by the first bytes, and reads everything except the numbers. */
async function readContent(source: TorchSource, shown: string): Promise<TorchContent> {
  const { handle, size, refusals } = source;
  const start = Buffer.alloc(Math.min(size, 512));
  await readInto(handle, start, { position: 0, path: shown, name: "the beginning" });
  if (start.toString("latin1", 0, 4) === "PK\u0003\u0004") return readZipFormat(source);
  // The opcodes with which a pickle may begin: PROTO, GLOBAL, MARK.
  if (start[0] === 0x80 || start[0] === 0x63 || start[0] === 0x28) return readLegacyFormat(source);
  const text = start.toString("latin1");
  if (text.startsWith("version https://git-lfs"))
    throw refusals.unsupported(
      "this is a pointer of Git LFS, not the weights. Fetch them: run `git lfs pull` in the folder.",
    );
  if (text.slice(257, 262) === "ustar")
    throw refusals.unsupported(
      "this is an archive of torch 0.1, which torch.load does not read safely either. Save it again with a newer torch.",
    );
  throw refusals.damaged(
    size === 0 ? "it is empty" : `it begins with ${shownValue(text.slice(0, 8))}, not with an archive or a pickle`,
  );
}

function placeView(
  name: string,
  { shown, content, state }: { shown: string; content: TorchContent; state: StateDict },
): PlacedView {
  const view = state.tensors.get(name);
  if (view === undefined) throw new TsloraError("not-found", `${shown} holds no tensor ${shownValue(name)}.`);
  const position = content.positions.get(view.storage.key) ?? 0; // only an empty storage has no position
  return { view, path: shown, name, position, byteOrder: content.byteOrder };
}

function noticeOf(path: string, { under, skipped }: StateDict): string | undefined {
  if (under === undefined && skipped.length === 0) return undefined;
  const where = under === undefined ? "" : `the weights are under ${shownValue(under)}; `;
  return `${basename(path)}: ${where}${skipped.length === 0 ? "nothing else is in it" : `not read: ${shownNames(skipped)}`}.`;
}
