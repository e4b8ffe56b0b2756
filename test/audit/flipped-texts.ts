import type { DataFrame } from "danfojs-node";

import { Random } from "../../src/base/random";
import { toFrame } from "../../src/corpus/to-frame";

/** Texts of two classes with words of their own, and 5% of the labels exchanged. */
export function flippedTexts(count: number): { frame: DataFrame; labels: number[]; flipped: number[] } {
  const random = new Random(7);
  const flipped = random
    .shuffle(Array.from({ length: count }, (_, row) => row))
    .slice(0, Math.round(count / 20))
    .sort((a, b) => a - b);
  const labels: number[] = [];
  const documents = Array.from({ length: count }, (_, row) => {
    const truth = row % 2;
    const label = flipped.includes(row) ? 1 - truth : truth;
    labels.push(label);
    const words = Array.from({ length: 30 }, () =>
      random.below(4) === 0 ? `own${truth}${random.below(12)}` : `shared${random.below(60)}`,
    );
    return { texts: words.join(" "), ID: String(row), label };
  });
  return { frame: toFrame(documents), labels, flipped };
}
