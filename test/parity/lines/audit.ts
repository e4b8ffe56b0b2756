import { ISSUE_FILTERS, QUALITY_METHODS } from "../../../src/audit/audit-defaults";
import { MinHash } from "../../../src/audit/duplicates/min-hash";
import { confidentJoint } from "../../../src/audit/labels/confident-joint";
import { findLabelIssues } from "../../../src/audit/labels/find-label-issues";
import { labelQualityScores } from "../../../src/audit/labels/label-quality-scores";
import { outOfFoldProbabilities } from "../../../src/audit/labels/out-of-fold";
import type { Random } from "../../../src/base/random";
import { loadCorpus } from "../../../src/corpus/load-corpus";
import { readFrame, textInputs } from "../../../src/corpus/read-frame";
import type { Measure, ParityLine } from "../parity-line";

interface LabelCase {
  readonly kind: "labels" | "flipped labels";
  readonly labels: readonly number[];
  readonly probabilities: readonly (readonly number[])[];
  readonly minExamplesPerClass: number;
  readonly fracNoise: number;
  readonly rules: typeof ISSUE_FILTERS;
  readonly methods: typeof QUALITY_METHODS;
}
interface SignatureCase {
  readonly kind: "signature";
  readonly members: readonly string[];
  readonly numPerm: number;
  readonly seed: number;
}

export const line: ParityLine = {
  title: "label issues, MinHash signatures",
  against: "cleanlab, datasketch",
  async run({ random, cases, python, note }) {
    const flipped = await flippedLabels(random);
    const labelCases = Array.from({ length: cases(200) }, () => drawLabels(random));
    const signatures = Array.from({ length: cases(100) }, () => drawMembers(random));
    const drawn = [...labelCases, flipped.asked, ...signatures];
    const expected = await python(drawn);
    const found = drawn.map(answer);
    if (Array.isArray(expected)) note(`5% of labels flipped: ${flipped.quality(found[labelCases.length])}`);
    return (["labels", "flipped labels", "signature"] as const).map((kind): Measure => {
      const own = drawn.flatMap((one, i) => (one.kind === kind ? [i] : []));
      const theirs = expected as unknown[];
      const differing = own.filter((i) => JSON.stringify(found[i]) !== JSON.stringify(theirs[i]));
      const worst =
        differing.length === 0
          ? undefined
          : `case ${differing[0]}: ${JSON.stringify(found[differing[0]]).slice(0, 300)} is not ${JSON.stringify(theirs[differing[0]]).slice(0, 300)}`;
      return { what: kind, cases: own.length, largest: differing.length, bound: 0, worst };
    });
  },
};

/** The figures of both sides; cleanlab's names of rules and scores. */
interface LabelAnswer {
  readonly joint: readonly (readonly number[])[];
  readonly rules: Readonly<Record<string, readonly number[]>>;
  readonly ranked: Readonly<Record<string, readonly number[]>>;
  readonly scores: Readonly<Record<string, readonly number[]>>;
}

function answer(one: LabelCase | SignatureCase): LabelAnswer | number[] {
  if (one.kind === "signature") return [...new MinHash(one).signature(one.members)];
  const { labels, probabilities, minExamplesPerClass, fracNoise } = one;
  const byMethod = <T>(of: (method: (typeof QUALITY_METHODS)[number]) => T): Record<string, T> =>
    Object.fromEntries(QUALITY_METHODS.map((method) => [method, of(method)]));
  return {
    joint: confidentJoint(labels, probabilities).counts,
    rules: Object.fromEntries(
      ISSUE_FILTERS.map((filterBy) => [
        filterBy,
        findLabelIssues(labels, probabilities, { filterBy, minExamplesPerClass, fracNoise }),
      ]),
    ),
    ranked: byMethod((returnIndicesRankedBy) => findLabelIssues(labels, probabilities, { returnIndicesRankedBy })),
    scores: byMethod((method) => labelQualityScores(labels, probabilities, { method })),
  };
}

function drawLabels(random: Random): LabelCase {
  const classes = 2 + random.below(random.below(4) === 0 ? 12 : 4);
  const length = classes + 5 + random.below(400);
  const noise = random.uniform() / 2;
  const strength = 1 + 8 * random.uniform();
  const labels: number[] = [];
  const probabilities: number[][] = [];
  for (let row = 0; row < length; row++) {
    const truth = Math.floor(classes * random.uniform() ** 1.5);
    labels.push(random.uniform() < noise ? random.below(classes) : truth);
    const weights = Array.from(
      { length: classes },
      (_, label) => random.uniform() ** 2 * (label === truth ? strength : 1),
    );
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    probabilities.push(weights.map((weight) => weight / whole));
  }
  if (new Set(labels).size < 2) labels[0] = (labels[0] + 1) % classes; // cleanlab refuses a single class
  return {
    kind: "labels",
    labels,
    probabilities,
    minExamplesPerClass: random.below(4),
    fracNoise: random.below(2) === 0 ? 1 : Math.round(10 * random.uniform()) / 10,
    rules: ISSUE_FILTERS,
    methods: QUALITY_METHODS,
  };
}

function drawMembers(random: Random): SignatureCase {
  const words = ["tumour", "é", "基因", "\u{10000}", "", "a b c", "0"];
  const members = Array.from(
    { length: random.below(60) },
    () => `${words[random.below(words.length)]} ${random.below(1000)}`,
  );
  return { kind: "signature", members, numPerm: 1 + random.below(200), seed: random.uint32() };
}

/** The texts of TSLORA_DATA, or the embedded sample, with 5% of the labels exchanged; judged by the baseline. */
async function flippedLabels(
  random: Random,
): Promise<{ asked: LabelCase; quality: (found: LabelAnswer | number[]) => string }> {
  const { frame, report } = await loadCorpus(process.env.TSLORA_DATA ?? "sample");
  const truth = readFrame(frame).label;
  const rows = random.shuffle(truth.map((_, row) => row)).slice(0, Math.round(truth.length / 20));
  const exchanged = new Set(rows);
  const names = report.classes.map(({ name }) => name);
  const labels = truth.map((label, row) => (exchanged.has(row) ? (label + 1) % names.length : label));
  const probabilities = await outOfFoldProbabilities(textInputs(frame), labels, { labels: names });
  return {
    asked: {
      kind: "flipped labels",
      labels,
      probabilities,
      minExamplesPerClass: 1,
      fracNoise: 1,
      rules: ISSUE_FILTERS,
      methods: QUALITY_METHODS,
    },
    quality: (found) => {
      if (Array.isArray(found)) return "";
      const issues = found.rules.prune_by_noise_rate;
      const right = issues.filter((row) => exchanged.has(row)).length;
      return `${exchanged.size} of ${labels.length}; ${issues.length} issues, precision ${(right / issues.length).toFixed(3)}, recall ${(right / exchanged.size).toFixed(3)}`;
    },
  };
}
