import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Random } from "../../../src/base/random";
import { loadCorpus } from "../../../src/corpus/load-corpus";
import { cancer, makeZip, other, studyText } from "../../corpus/zips";
import { damageFile } from "../damage-file";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";

const ROWS = Array.from({ length: 12 }, (_, i) => ({
  id: `${1000 + i}`,
  text: `Text number ${i}, with some "quoted" words and naïve letters.`,
  label: i % 2,
}));

/** Rows of a table, or their number. */
type Rows = readonly (readonly [text: string, ID: string, label: number])[];

const KINDS = ["corpus.csv", "corpus.tsv", "corpus.jsonl", "Dataset.zip", "folder"] as const;

/** Corpora: tables, archives in the study's format, folders. */
export const corpora: FuzzTarget = {
  name: "corpora",
  prepare: async () => undefined,
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const kind = KINDS[random.below(KINDS.length)];
    const path = join(folder, kind);
    await writeCorpus(kind, path);
    const before = await rowsOf(path);
    const files =
      kind === "folder"
        ? (await readdir(path, { recursive: true })).filter((file) => file.endsWith(".txt")).sort()
        : [];
    const damaged = files.length > 0 ? join(path, files[random.below(files.length)]) : path;
    const damage = await damageFile(damaged, "text", random);
    const isFile = (await stat(damaged).catch(() => undefined))?.isFile() === true; // a pipe has no end to read
    const bytes = isFile ? await readFile(damaged) : undefined;
    return {
      changes: [kind, ...damage.changes],
      mustRefuse:
        kind === "Dataset.zip" && damage.mustRefuse?.endsWith("UTF-8") === true ? undefined : damage.mustRefuse,
      async read() {
        const after = await rowsOf(path);
        if (kind === "Dataset.zip")
          return JSON.stringify(after) === JSON.stringify(before)
            ? undefined
            : "an archive with other texts is accepted";
        const expected = bytes === undefined ? undefined : countRows(kind, bytes.toString("utf8"));
        return expected === undefined || expected === after.length
          ? undefined
          : `${after.length} rows were read; the file has ${expected}`;
      },
    };
  },
  close: () => undefined,
};

async function writeCorpus(kind: (typeof KINDS)[number], path: string): Promise<void> {
  if (kind === "Dataset.zip") {
    await writeFile(path, await makeZip(ROWS.map(({ id, label }) => (label === 1 ? cancer(id) : other(id)))));
  } else if (kind === "folder") {
    for (const { id, label } of ROWS) {
      const inside = join(path, label === 1 ? "Cancer" : "Non-Cancer");
      await mkdir(inside, { recursive: true });
      await writeFile(join(inside, `${id}.txt`), studyText(id));
    }
  } else if (kind === "corpus.jsonl") {
    await writeFile(path, ROWS.map((row) => `${JSON.stringify(row)}\n`).join(""));
  } else {
    const delimiter = kind === "corpus.csv" ? "," : "\t";
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    const lines = ROWS.map(({ id, text, label }) => [id, quoted(text), label].join(delimiter));
    await writeFile(path, `${["id", "text", "label"].join(delimiter)}\n${lines.join("\n")}\n`);
  }
}

async function rowsOf(path: string): Promise<Rows> {
  const { frame } = await loadCorpus(path);
  const column = (name: string): unknown[] => frame.column(name).values;
  const [texts, ids, labels] = ["texts", "ID", "label"].map(column);
  return texts.map((text, i) => [String(text), String(ids[i]), Number(labels[i])]);
}

/** Counts the rows that a damaged file still has, where its format lets them be counted without a reader. */
function countRows(kind: string, text: string): number | undefined {
  if (kind === "corpus.jsonl") return text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "").length;
  return undefined;
}
