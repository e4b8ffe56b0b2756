import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";
import { findStudyArchive } from "../corpus/study-archive";
import { readStudyTexts } from "../tokenizer/study-texts";
import { HOSTILE_TEXTS, randomHostileText } from "./hostile-text";
import type { Measure, ParityContext } from "./parity-line";

interface Reference {
  readonly [tokenizer: string]: { readonly path: string; readonly hashes: Readonly<Record<string, readonly string[]>> };
}

const LONG: readonly (readonly [string, number])[] = [
  ["x", 10_000],
  ["word ", 20_000],
  ["中", 10_000],
  ["é", 10_000],
  [". ", 5_000],
  ["\u0301", 10_000],
  ["👩‍👩‍👧", 2_000],
  [" ", 10_000],
  ["[SEP]", 2_000],
];

/**
 * Compares the ids of the study's abstracts, hostile texts and random ones with transformers', cut to several lengths.
 * The line's Python file makes the tokenizers.
 */
export async function compareTokens({ random, folder, cases, python, note }: ParityContext): Promise<Measure[]> {
  const { path: dataset, skip } = findStudyArchive();
  const abstracts = dataset === undefined ? [] : (await readStudyTexts(dataset)).slice(0, cases(1000));
  if (skip !== false) note(`the study's abstracts are left out: ${skip}`);
  const long = LONG.map(([part, times]) => part.repeat(times));
  const drawn = Array.from({ length: cases(1200) }, () => randomHostileText(random));
  const every = Array.from({ length: cases(300) }, () => neighbours(random.below(0x32000)));
  const texts = [...abstracts, ...HOSTILE_TEXTS, ...long, ...drawn, ...every];
  const lengths = [512, 2, 3 + random.below(60), 64 + random.below(448)];
  const embedded = join(projectRoot(), ".tslora", "models", "all-MiniLM-L6-v2");
  const place = join(folder, "tokenizers");
  await mkdir(place);
  const reference = (await python({
    texts,
    folder: place,
    lengths,
    training: abstracts.length + HOSTILE_TEXTS.length,
    models: existsSync(embedded) ? { "all-MiniLM-L6-v2": embedded } : {},
  })) as Reference;
  const measures: Measure[] = [];
  for (const [name, { path, hashes }] of Object.entries(reference)) {
    let [count, different, worst] = [0, 0, ""];
    for (const length of lengths) {
      const tokenizer = await loadTokenizer(path, { maxLength: length });
      texts.forEach((text, i) => {
        count++;
        const [{ ids }] = tokenizer.encode([text]);
        if (createHash("sha256").update(ids.join()).digest("hex").slice(0, 16) === hashes[length][i]) return;
        different++;
        worst ||= `text ${i} cut to ${length}: ${i < abstracts.length ? "an abstract" : JSON.stringify(text.slice(0, 120))}`;
      });
    }
    measures.push({ what: name, cases: count, largest: different, bound: 0, worst: worst || undefined });
  }
  return measures;
}

/** Characters from a code point on, between letters. */
function neighbours(start: number): string {
  const codes = Array.from({ length: 60 }, (_, i) => start + i).filter((code) => code < 0xd800 || code >= 0xe000);
  return codes.map((code) => `a${String.fromCodePoint(code)}b `).join("");
}
