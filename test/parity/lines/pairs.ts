import { createHash } from "node:crypto";

import { loadClassifier } from "../../../src/classifier/load-classifier";
import { loadTokenizer } from "../../../src/tokenizer/load-tokenizer";
import { maxDifference } from "../../model/fixture";
import { HOSTILE_TEXTS, randomHostileText } from "../hostile-text";
import type { Measure, ParityLine } from "../parity-line";

interface Reference {
  readonly [tokenizer: string]: {
    readonly path: string;
    /** By length: the pairs that were encoded, by their number. */
    readonly hashes: Readonly<Record<string, readonly (readonly [number, string])[]>>;
    /** The value for the first of these pairs. */
    readonly logits: Readonly<Record<string, readonly (readonly number[])[]>>;
  };
}

/** Pairs of hostile and random texts, cut to several lengths: ids and token types, and the logits of random models. */
export const line: ParityLine = {
  title: "pairs of texts: ids, token types, truncation, logits",
  against: "transformers",
  async run({ random, folder, cases, python }) {
    const sides = [...HOSTILE_TEXTS, "", "a", "word ".repeat(600), "é".repeat(700)];
    const drawn = (): string => (random.below(3) === 0 ? sides[random.below(sides.length)] : randomHostileText(random));
    const pairs = Array.from({ length: cases(400) }, () => [drawn(), drawn()] as const);
    const lengths = [512, 4, 5, 6 + random.below(60), 64 + random.below(448)];
    const computed = Math.min(pairs.length, cases(60));
    const reference = (await python({
      firsts: pairs.map(([first]) => first),
      seconds: pairs.map(([, second]) => second),
      lengths,
      computed,
      folder,
      seed: random.below(2 ** 31),
    })) as Reference;
    const measures: Measure[] = [];
    for (const [name, { path, hashes, logits }] of Object.entries(reference)) {
      const ids = { count: 0, different: 0, worst: "" };
      const numbers = { count: 0, largest: 0, worst: "" };
      for (const maxLength of lengths) {
        const tokenizer = await loadTokenizer(path, { maxLength });
        const encoded = tokenizer.encode(pairs);
        for (const [i, hash] of hashes[maxLength]) {
          const { ids: tokens, types = new Int32Array(tokens.length) } = encoded[i];
          ids.count++;
          const text = `${tokens.join()}|${types.join()}`;
          if (createHash("sha256").update(text).digest("hex").slice(0, 16) === hash) continue;
          ids.different++;
          ids.worst ||= `cut to ${maxLength}: ${JSON.stringify(pairs[i].map((side) => side.slice(0, 60)))}`;
        }
        const classifier = await loadClassifier(path, { maxLength });
        const some = hashes[maxLength].slice(0, computed).map(([i]) => pairs[i]);
        const found = await classifier.predictLogits(some);
        classifier.dispose();
        const largest = maxDifference(found, logits[maxLength].flat());
        numbers.count += some.length;
        if (!(largest <= numbers.largest)) Object.assign(numbers, { largest, worst: `cut to ${maxLength}` });
      }
      const { count, different, worst } = ids;
      measures.push({
        what: `${name}: ids and types`,
        cases: count,
        largest: different,
        bound: 0,
        worst: worst || undefined,
      });
      measures.push({
        what: `${name}: logits`,
        cases: numbers.count,
        largest: numbers.largest,
        bound: 1e-5,
        worst: numbers.worst || undefined,
      });
    }
    return measures;
  },
};
