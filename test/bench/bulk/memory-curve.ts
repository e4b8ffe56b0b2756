import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { writeAtomically } from "../../../src/base/files/write-atomically";
import { isRecord } from "../../../src/base/json";
import { projectRoot } from "../../../src/base/project-root";
import { Random } from "../../../src/base/random";
import { runShard } from "./run-shard";

const SIZES = [1000, 100_000, 1_000_000];
const WORDS = 43;

/** Peak memory of processes that predict files of more and more texts, with a tiny encoder. */
export async function measureMemory({
  folder,
  most,
  note,
}: {
  readonly folder: string;
  readonly most: number;
  readonly note: (text: string) => void;
}): Promise<object> {
  const model = await tinyModel(folder);
  note("The encoder is tiny (the fixture tiny-bert, random weights): the curve shows what grows with the file.");
  const curve: object[] = [];
  for (const texts of SIZES.filter((size) => size <= most)) {
    const path = join(folder, `${texts}.jsonl`);
    await writeAtomically(path, lines(texts));
    const child = fork(join(__dirname, "..", "bulk.js"), ["--child", JSON.stringify({ folder, path, model })], {
      execArgv: ["--expose-gc"],
    });
    const [message] = (await once(child, "message")) as unknown[];
    if (!isRecord(message)) throw new Error("The process must report its memory.");
    const { rssMB, heapMB, seconds } = message;
    curve.push({ texts, rssMB, heapMB, seconds });
    note(
      `${texts.toLocaleString("en-US")} texts: peak ${Number(rssMB).toFixed(0)} MB resident, ${Number(seconds).toFixed(1)} s; heap in use at the end ${Number(heapMB).toFixed(1)} MB.`,
    );
  }
  return { curve };
}

/** A process of the curve: predicts one file, and reports the peak of its memory. */
export async function predictGenerated(given: string): Promise<void> {
  const { folder, path, model } = JSON.parse(given) as { folder: string; path: string; model: string };
  const { seconds } = await runShard({ folder, path, kind: "jsonl", model, labels: ["NEGATIVE", "POSITIVE"] });
  globalThis.gc?.();
  process.send?.({
    rssMB: process.resourceUsage().maxRSS / 1000,
    heapMB: process.memoryUsage().heapUsed / 1e6,
    seconds,
  });
  process.disconnect();
}

function* lines(texts: number): Generator<string, void, void> {
  const random = new Random(5);
  for (let i = 0; i < texts; i++) {
    const words = Array.from({ length: 6 + random.below(8) }, () => `w${5 + random.below(WORDS)}`);
    yield `${JSON.stringify({ id: i, text: words.join(" ") })}\n`;
  }
}

async function tinyModel(folder: string): Promise<string> {
  const model = join(folder, "tiny");
  await mkdir(model, { recursive: true });
  await cp(join(projectRoot(), "test", "fixtures", "tiny-bert"), model, { recursive: true });
  const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...Array.from({ length: WORDS }, (_, i) => `w${i + 5}`)];
  await writeFile(join(model, "vocab.txt"), `${words.join("\n")}\n`);
  return model;
}
