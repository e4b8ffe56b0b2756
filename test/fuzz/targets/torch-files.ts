import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import * as yauzl from "yauzl";

import { projectRoot } from "../../../src/base/project-root";
import type { Random } from "../../../src/base/random";
import { openTorchFile } from "../../../src/model/weights/torch/open-torch-file";
import { makeZip } from "../../corpus/zips";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";
import { mutateBytes } from "../mutate-bytes";
import { mutatePickle, opcodesOf } from "../mutate-torch";
import { replaceFile } from "../replace-file";

const NAMES = [
  "torch-files/zip.bin",
  "torch-files/legacy.bin",
  "torch-files/wrapped.bin",
  "tiny-bin/pytorch_model.bin",
  "tiny-bin/adapter/adapter_model.bin",
  "tiny-bin-sharded/pytorch_model-00001-of-00002.bin",
];

/** Processor time that a file of kilobytes may take. */
const MOST_MS = 2000;

/** Memory that one may take: three times its size, or what the process itself takes for its collections of garbage. */
const MOST_MEMORY = 128 * 2 ** 20;

/** The promise interface of yauzl 3, which is missing in its types (of 2.10). */
interface ZipReader {
  eachEntry(): AsyncIterable<yauzl.Entry>;
  readLocalFileHeaderPromise(
    entry: yauzl.Entry,
    options: { readonly minimal: true },
  ): Promise<{ readonly fileDataStart: number }>;
}
const { fromBufferPromise } = yauzl as unknown as { fromBufferPromise: (bytes: Uint8Array) => Promise<ZipReader> };

interface Source {
  readonly name: string;
  readonly bytes: Buffer;
  /** The files of the archive; undefined for the legacy format. */
  readonly records: ReadonlyMap<string, Buffer> | undefined;
}

let sources: Source[] = [];

/** Files of torch.save in both formats: their bytes, the opcodes of their pickles, calls of other functions put in. */
export const torchFiles: FuzzTarget = {
  name: "torch-files",
  async prepare() {
    sources = await Promise.all(
      NAMES.map(async (name) => {
        const bytes = await readFile(join(projectRoot(), "test", "fixtures", name));
        return { name, bytes, records: bytes[0] === 0x50 ? await recordsOf(bytes) : undefined };
      }),
    );
  },
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const source = sources[random.below(sources.length)];
    const path = join(folder, "pytorch_model.bin");
    await writeFile(path, source.bytes);
    const { change, isMalicious } = await damage(path, source, random);
    return {
      changes: [`${source.name}: ${change}`],
      read: () => read(path, isMalicious),
    };
  },
  close: () => void (sources = []),
};

async function damage(path: string, source: Source, random: Random): Promise<{ change: string; isMalicious: boolean }> {
  const { bytes, records } = source;
  const kind = random.below(16);
  if (kind === 0) return { change: await replaceFile(path, random), isMalicious: false };
  if (kind < 6) {
    const { bytes: next, change } = mutateBytes(bytes, random);
    await writeFile(path, next);
    return { change, isMalicious: false };
  }
  if (records === undefined) {
    const object = legacyObject(bytes);
    const next = mutatePickle(bytes.subarray(object.start, object.end), random);
    await writeFile(path, Buffer.concat([bytes.subarray(0, object.start), next.bytes, bytes.subarray(object.end)]));
    return next;
  }
  const [pickle = ""] = [...records.keys()].filter((name) => name.endsWith("/data.pkl"));
  const next = mutatePickle(records.get(pickle) ?? Buffer.alloc(0), random);
  const entries = [...records].map(([name, content]) => ({
    name,
    content: name === pickle ? next.bytes : content,
    compress: false,
  }));
  await writeFile(path, await makeZip(entries));
  return next;
}

/** The fourth pickle of the legacy format. */
function legacyObject(bytes: Buffer): { readonly start: number; readonly end: number } {
  let [start, end] = [0, 0];
  for (let i = 0; i < 4; i++) [start, end] = [end, opcodesOf(bytes, end).end];
  return { start, end };
}

async function recordsOf(bytes: Buffer): Promise<Map<string, Buffer>> {
  const records = new Map<string, Buffer>();
  const zip = await fromBufferPromise(bytes);
  for await (const entry of zip.eachEntry()) {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    records.set(entry.fileName, bytes.subarray(fileDataStart, fileDataStart + entry.uncompressedSize));
  }
  return records;
}

/** Reads every tensor, and watches the time and memory that this takes. */
async function read(path: string, isMalicious: boolean): Promise<string | undefined> {
  const size = await stat(path).then(
    (found) => (found.isFile() ? found.size : 0),
    () => 0,
  );
  const [cpu, memory] = [process.cpuUsage(), process.resourceUsage().maxRSS];
  const end = await Promise.allSettled([readAll(path)]);
  const { user, system } = process.cpuUsage(cpu);
  if ((user + system) / 1000 > MOST_MS) return `${(user + system) / 1000} ms of processor time`;
  const grown = (process.resourceUsage().maxRSS - memory) * 1024;
  if (grown > Math.max(3 * size, MOST_MEMORY)) return `${grown} bytes of memory more for a file of ${size}`;
  if (end[0].status === "rejected") return Promise.reject(end[0].reason as Error);
  return isMalicious ? "it asks for another function" : undefined;
}

async function readAll(path: string): Promise<void> {
  const file = await openTorchFile(path);
  try {
    for (const name of file.entries.keys()) await file.readBytes(name);
  } finally {
    await file.close();
  }
}
