import type { Random } from "../../../src/base/random";
import { TsloraError } from "../../../src/base/tslora-error";
import { groupKFoldIndices } from "../../../src/corpus/split/group-kfold-indices";
import { groupShuffleSplitIndices } from "../../../src/corpus/split/group-shuffle-split-indices";
import { kFold, stratifiedKFold } from "../../../src/corpus/split/kfold";
import { repeatedStratifiedKFoldIndices } from "../../../src/corpus/split/kfold-indices";
import { splitIndices, type SplitIndices } from "../../../src/corpus/split/split-indices";
import { stratifiedGroupKFoldIndices } from "../../../src/corpus/split/stratified-group-kfold-indices";
import type { Measure, ParityLine } from "../parity-line";
import { withoutWarnings } from "../without-warnings";

interface Case {
  readonly kind: (typeof KINDS)[number];
  readonly length: number;
  readonly labels?: readonly (number | string)[];
  readonly groups?: readonly (number | string)[];
  readonly trainSize?: number;
  readonly testSize?: number;
  readonly nSplits: number;
  readonly shuffle: boolean;
  readonly randomState?: number;
}
type Result = { readonly parts: readonly (readonly number[][])[] } | { readonly error: string };

const SIZES = [1, 2, 3, 5, 7, 10, 11, 13, 29, 64, 97, 101, 333, 1000, 1009];
const CLASSES = ["b", "a", "\uffff", "\u{10000}", "é", "10", "9", ""];
const KINDS = [
  "split",
  "stratified split",
  "kFold",
  "stratifiedKFold",
  "repeatedStratifiedKFold",
  "groupKFold",
  "stratifiedGroupKFold",
  "groupShuffleSplit",
] as const;

export const line: ParityLine = {
  title: "splits and folds, also stratified, repeated and by group",
  against: "scikit-learn",
  async run({ random, cases, python }) {
    const seeds = Array.from({ length: cases(200) }, (_, seed) => seed);
    const drawn = seeds.flatMap((seed) =>
      KINDS.flatMap((kind) => [
        drawCase(random, kind, seed),
        drawCase(random, kind, random.uint32()),
        drawCase(random, kind, seed),
      ]),
    );
    const expected = (await python(
      drawn.map(({ kind, ...rest }) => ({ kind: kind === "stratified split" ? "split" : kind, ...rest })),
    )) as Result[];
    const found = withoutWarnings(() => drawn.map(attempt)); // classes of fewer members than folds are drawn, too
    return [...KINDS, "refused by both or by none"].map((what): Measure => {
      const differing = drawn.flatMap((one, i) => {
        const [ours, theirs] = [found[i], expected[i]];
        if (what === "refused by both or by none") return "error" in ours === "error" in theirs ? [] : [i];
        return one.kind === what &&
          "parts" in ours &&
          "parts" in theirs &&
          JSON.stringify(ours) !== JSON.stringify(theirs)
          ? [i]
          : [];
      });
      const shown =
        differing.length === 0
          ? undefined
          : `${JSON.stringify(drawn[differing[0]]).slice(0, 500)}: ${JSON.stringify(found[differing[0]]).slice(0, 300)} is not ${JSON.stringify(expected[differing[0]]).slice(0, 300)}`;
      return {
        what,
        cases: drawn.filter((one, i) => what.startsWith("refused") || (one.kind === what && "parts" in expected[i]))
          .length,
        largest: differing.length,
        bound: 0,
        worst: shown,
      };
    });
  },
};

function drawCase(random: Random, kind: Case["kind"], randomState: number): Case {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const length = pick(SIZES) + random.below(3);
  const always = kind === "groupShuffleSplit" || kind === "repeatedStratifiedKFold";
  const shuffle = always || (kind === "stratified split" ? random.below(20) > 0 : random.below(4) > 0);
  const size = (): number =>
    random.below(3) === 0
      ? random.below(length + 2)
      : Math.round(100 * random.uniform() + (random.below(30) === 0 ? 5 : 0)) / 100;
  // A whole number such as 1 is one row to both; JSON cannot write 1.0.
  const sizes = [{}, { trainSize: size() }, { testSize: size() }, { trainSize: size() / 2, testSize: size() / 2 }][
    random.below(4)
  ];
  const known = random.below(2) === 0 ? random.shuffle(CLASSES) : random.shuffle([0, 1, 2, 3, -4, 10, 7, 12]);
  const count = 1 + random.below(random.below(3) === 0 ? 8 : 3);
  const weight = random.uniform() * 3;
  const labels = Array.from(
    { length },
    () => known[Math.min(count - 1, Math.floor(count * random.uniform() ** (1 + weight)))],
  );
  const drawnSplits = random.below(10) === 0 ? random.below(length + 3) : 2 + random.below(Math.min(9, length));
  const nSplits = kind === "groupShuffleSplit" ? Math.max(1, drawnSplits) : drawnSplits; // scikit-learn makes 0 splits
  const ofGroups = 1 + random.below(Math.min(60, Math.max(2, length >> 1))); // scikit-learn takes long for many
  const named = random.below(2) === 0;
  const groups = Array.from({ length }, () => random.below(ofGroups)).map((group) => (named ? `g${group}` : group));
  return {
    kind,
    length,
    ...(/stratified/i.test(kind) ? { labels } : {}),
    ...(/group/i.test(kind) ? { groups } : {}),
    ...(/split$/i.test(kind) ? sizes : {}),
    nSplits,
    shuffle,
    ...(shuffle || kind.endsWith("split") || random.below(20) === 0 ? { randomState } : {}),
  };
}

function attempt({ kind, length, labels = [], groups = [], nSplits, ...options }: Case): Result {
  const { shuffle, randomState } = options;
  const folding = { nSplits, shuffle, randomState };
  const pairs = (folds: readonly SplitIndices[]): Result => ({ parts: folds.map(({ train, test }) => [train, test]) });
  try {
    if (kind === "repeatedStratifiedKFold")
      return pairs(repeatedStratifiedKFoldIndices(labels, { nSplits, nRepeats: 2, randomState: randomState ?? 0 }));
    if (kind === "groupKFold") return pairs(groupKFoldIndices(groups, folding));
    if (kind === "stratifiedGroupKFold") return pairs(stratifiedGroupKFoldIndices(labels, { groups, ...folding }));
    if (kind === "groupShuffleSplit")
      return pairs(groupShuffleSplitIndices(groups, { ...options, nSplits, randomState: randomState ?? 0 }));
    if (kind === "kFold") return pairs(kFold(length, folding));
    if (kind === "stratifiedKFold") return pairs(stratifiedKFold(labels, folding));
    const { train, test } = splitIndices(length, {
      ...options,
      randomState: randomState ?? 0,
      stratify: kind === "stratified split" ? labels : undefined,
    });
    return { parts: [[train, test]] };
  } catch (error) {
    if (error instanceof TsloraError) return { error: error.message };
    throw error;
  }
}
