import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";

import { projectRoot } from "../../src/base/project-root";
import { runCli } from "../../src/cli/program";

/** Output and exit code of a command. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Options of running a command. */
export interface CliOptions {
  /** Chunks of standard input. */
  readonly input?: readonly (string | Uint8Array)[];
  /** Standard output as a terminal of so many columns. */
  readonly columns?: number;
}

/** Runs the command line in this process. */
export async function cli(args: readonly string[], { input, columns }: CliOptions = {}): Promise<Printed> {
  const printed = { out: "", err: "" };
  const sink = (name: "out" | "err"): Writable =>
    new Writable({ write: (chunk: Buffer, _encoding, done) => ((printed[name] += chunk.toString()), done()) });
  const terminal = (stream: Writable): Writable & { isTTY?: boolean; columns?: number } =>
    Object.assign(stream, columns === undefined ? {} : { isTTY: true, columns });
  const stdin = (): Readable => Readable.from(input ?? [], { objectMode: false });
  const code = await runCli(args, {
    out: terminal(sink("out")),
    err: terminal(sink("err")),
    color: false,
    live: columns !== undefined,
    liveErr: columns !== undefined,
    input: stdin,
  });
  return { code, ...printed };
}

/** The compiled command line, for a process of its own. */
export const MAIN = join(__dirname, "..", "..", "src", "cli", "main.js");

/** A tiny model in a folder, as transformers saves one; its words are w5 to w47. */
export async function tinyModel(folder: string, kind: "bert" | "distilbert" | "bare-bert" = "bert"): Promise<string> {
  const path = join(folder, `tiny-${kind}`);
  await mkdir(folder, { recursive: true });
  await cp(join(projectRoot(), "test", "fixtures", `tiny-${kind}`), path, { recursive: true });
  const words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...Array.from({ length: 43 }, (_, i) => `w${i + 5}`)];
  await writeFile(join(path, "vocab.txt"), `${words.join("\n")}\n`);
  return path;
}

/** Texts of two classes with different words: of the words w5 to w7, and of w25 to w27. */
export function tinyTexts(count: number): { text: string; label: "neg" | "pos" }[] {
  return Array.from({ length: count }, (_, i) => {
    const from = i % 2 === 0 ? 5 : 25;
    const text = Array.from({ length: 4 + (i % 3) }, (_word, k) => `w${from + (Math.floor(i / 3 ** k) % 3)}`).join(" ");
    return { text, label: i % 2 === 0 ? "neg" : "pos" };
  });
}

/** The same as a CSV file. */
export async function tinyCsv(path: string, count = 40): Promise<string> {
  const rows = tinyTexts(count).map(({ text, label }, i) => `${text},${label},id-${i}`);
  await writeFile(path, `text,label,id\n${rows.join("\n")}\n`);
  return path;
}
