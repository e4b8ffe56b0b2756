import type { Random } from "../../src/base/random";
import type { MetricCall } from "../evaluation/metric-calls";

type Kwargs = Record<string, unknown>;
type Label = number | string;

const NAMES = [
  "cat",
  "Hund",
  "a name that is wider than the columns",
  "chat noir",
  "猫",
  "🐈 cat",
  "é",
  "naïve",
  "accuracy",
  "x",
  "10",
  "9",
  "macro avg",
];
const SIZES = [1, 2, 3, 4, 5, 8, 16, 20, 33, 64, 80, 129, 160, 200, 300];
const ZERO_DIVISIONS = ["warn", 0, 1, NaN];
const AVERAGES = [null, "micro", "macro", "weighted"];

/** Calls on a random data set of labels: one label a sample, or several. */
export function drawLabelCalls(random: Random): MetricCall[] {
  return random.below(4) > 0 ? classCalls(random) : indicatorCalls(random);
}

/** Calls on a random data set of scores: of two labels, or of several classes. */
export function drawScoreCalls(random: Random): MetricCall[] {
  return random.below(3) > 0 ? binaryScoreCalls(random) : classScoreCalls(random);
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)];
const chance = (random: Random, share: number): boolean => random.uniform() < share;
const repeat = <T>(n: number, draw: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => draw(i));

/** Weights of samples: none, whole, fractions, halves that tie, some of them 0. */
function drawWeights(random: Random, n: number): Kwargs {
  if (chance(random, 0.6)) return {};
  const style = random.below(4);
  const weight = (): number =>
    style === 0
      ? 1 + random.below(4)
      : style === 1
        ? random.uniform() * 3
        : style === 2
          ? random.below(4) / 2
          : 10 ** (4 * random.uniform() - 6);
  const weights = repeat<number>(n, weight);
  if (weights.every((one) => one === 0)) weights[0] += 1;
  return { sample_weight: weights };
}

function drawLabels(random: Random): Label[] {
  const count = pick(random, [1, 2, 2, 2, 2, 3, 3, 4, 5, 9, 40]);
  if (count <= NAMES.length && chance(random, 0.3)) return random.shuffle(NAMES).slice(0, count);
  const [start, step] = [pick(random, [0, 0, 0, 0, 1, -1, -3, 10]), pick(random, [1, 1, 1, 2])];
  return random.shuffle(repeat(count, (i) => start + i * step));
}

function classCalls(random: Random): MetricCall[] {
  const known = drawLabels(random);
  const n = pick(random, SIZES);
  const yTrue = repeat(n, () => pick(random, known));
  const right = pick(random, [0, 0, 0.3, 0.5, 0.8, 0.95, 1]);
  const always = chance(random, 0.1) ? pick(random, known) : undefined;
  const y = yTrue.map((label) => always ?? (chance(random, right) ? label : pick(random, known)));
  const weights = drawWeights(random, n);
  const occurring = new Set([...yTrue, ...y]).size;
  const call = (fn: MetricCall["fn"], kwargs: Kwargs = {}): MetricCall => ({
    fn,
    yTrue,
    y,
    kwargs: { ...weights, ...kwargs },
  });
  const never = typeof known[0] === "string" ? "never" : 99;
  const pool = random.shuffle([...known, never]);
  const labels = chance(random, 0.35) ? { labels: pool.slice(0, 1 + random.below(pool.length)) } : {};
  const zero = { zero_division: pick(random, ZERO_DIVISIONS) };
  const rows = labels.labels?.length ?? occurring;
  const names = chance(random, 0.3)
    ? { target_names: repeat(rows, (i) => `${pick(random, ["class ", "Klasse ", "label-", "🧬"])}${i}`) }
    : {};
  const posLabel = { pos_label: pick(random, chance(random, 0.1) ? [never] : known) };
  return [
    call("classification_report", { ...labels, ...names, ...zero, digits: pick(random, [2, 2, 2, 0, 1, 3, 4, 6, 15]) }),
    call("classification_report", { ...labels, ...names, ...zero, output_dict: true }),
    call("accuracy_score", chance(random, 0.2) ? { normalize: false } : {}),
    call("confusion_matrix", { ...labels, normalize: pick(random, [null, "true", "pred", "all"]) }),
    call("balanced_accuracy_score", { adjusted: chance(random, 0.5) }),
    call("matthews_corrcoef"),
    call("cohen_kappa_score", {
      ...labels,
      weights: pick(random, [null, "linear", "quadratic"]),
      replace_undefined_by: pick(random, [NaN, 0]),
    }),
    ...random
      .shuffle(AVERAGES)
      .slice(0, 2)
      .map((average) =>
        call("precision_recall_fscore_support", {
          ...labels,
          ...zero,
          average,
          beta: pick(random, [1, 1, 0.5, 2, 0, Infinity]),
        }),
      ),
    ...(["precision_score", "recall_score", "f1_score"] as const).map((fn) =>
      call(fn, { ...zero, average: "binary", ...posLabel }),
    ),
    call("fbeta_score", { ...zero, average: pick(random, AVERAGES), beta: pick(random, [0.5, 3]) }),
    ...(chance(random, 0.1) ? [call("f1_score", { average: "samples" })] : []),
  ].map(withoutNulls);
}

function indicatorCalls(random: Random): MetricCall[] {
  const width = pick(random, [2, 3, 3, 5, 12]);
  const n = pick(random, SIZES);
  const density = pick(random, [0, 0.1, 0.3, 0.5, 0.9]);
  const yTrue = repeat(n, () => repeat<number>(width, () => (chance(random, density) ? 1 : 0)));
  const wrong = pick(random, [0, 0.1, 0.4, 1]);
  const y = yTrue.map((row) => row.map((flag): number => (chance(random, wrong) ? 1 - flag : flag)));
  const scores = yTrue.map((row) => row.map((flag) => Math.round(10 * (0.4 * flag + 0.6 * random.uniform())) / 10));
  const weights = drawWeights(random, n);
  const call = (fn: MetricCall["fn"], kwargs: Kwargs = {}): MetricCall => ({
    fn,
    yTrue,
    y,
    kwargs: { ...weights, ...kwargs },
  });
  const labels = chance(random, 0.35)
    ? { labels: random.shuffle(repeat(width, (i) => i)).slice(0, 1 + random.below(width)) }
    : {};
  const zero = { zero_division: pick(random, ZERO_DIVISIONS) };
  const averages = [...AVERAGES, "samples"];
  const names = chance(random, 0.3) ? { target_names: repeat(labels.labels?.length ?? width, (i) => `tag ${i}`) } : {};
  return [
    call("classification_report", { ...labels, ...names, ...zero, digits: pick(random, [2, 2, 3, 4]) }),
    call("classification_report", { ...labels, ...names, ...zero, output_dict: true }),
    call("accuracy_score"),
    ...random
      .shuffle(averages)
      .slice(0, 3)
      .map((average) =>
        call("precision_recall_fscore_support", { ...labels, ...zero, average, beta: pick(random, [1, 0.5, 2]) }),
      ),
    call("f1_score", { ...zero, average: pick(random, [...averages, "binary"]) }),
    ...random
      .shuffle(averages)
      .slice(0, 3)
      .flatMap((average) =>
        (["roc_auc_score", "average_precision_score"] as const).map((fn) => ({ ...call(fn, { average }), y: scores })),
      ),
  ].map(withoutNulls);
}

function binaryScoreCalls(random: Random): MetricCall[] {
  const n = pick(random, SIZES);
  const labels: Label[] = pick<Label[]>(random, [
    [0, 1],
    [0, 1],
    [0, 1],
    [-1, 1],
    [3, 7],
    ["ham", "spam"],
  ]);
  const share = pick(random, [0.05, 0.3, 0.5, 0.5, 0.9, 0, 1]);
  const yTrue = repeat(n, () => (chance(random, share) ? labels[1] : labels[0]));
  const digits = pick(random, [1, 2, 16]);
  const y = yTrue.map((label) =>
    Number((0.35 * Number(label === labels[1]) + 0.65 * random.uniform()).toFixed(digits)),
  );
  const hard = chance(random, 0.1) ? y.map(Math.round) : y;
  const weights = drawWeights(random, n);
  const call = (fn: MetricCall["fn"], kwargs: Kwargs = {}): MetricCall => ({
    fn,
    yTrue,
    y: hard,
    kwargs: { ...weights, ...kwargs },
  });
  const positive = { pos_label: labels[chance(random, 0.8) ? 1 : 0] };
  const usual = labels[1] === 1;
  const given = usual && chance(random, 0.7) ? {} : positive;
  const weighing = weights.sample_weight as number[] | undefined;
  const both = new Set(yTrue.filter((_, i) => weighing?.[i] !== 0)).size === 2;
  return [
    ...[true, false].flatMap((drop) =>
      (["roc_curve", "precision_recall_curve"] as const).map((fn) => call(fn, { ...given, drop_intermediate: drop })),
    ),
    call("roc_auc_score"),
    ...(both ? [call("roc_auc_score", { max_fpr: pick(random, [0.05, 0.1, 0.5, 1]) })] : []),
    call("average_precision_score", given),
    call("brier_score_loss", { ...given, scale_by_half: chance(random, 0.5) }),
    call("log_loss", { ...(both ? {} : { labels }), normalize: chance(random, 0.8) }),
    ...(usual ? [] : [call("roc_curve")]),
  ].map(withoutNulls);
}

function classScoreCalls(random: Random): MetricCall[] {
  const count = pick(random, [3, 3, 4, 7]);
  const classes: Label[] = chance(random, 0.3) ? [...NAMES].slice(0, count).sort() : repeat(count, (i) => i);
  const n = pick(random, [1, 5, 20, 64, 200]);
  const absent = chance(random, 0.2);
  const chosen = [...(absent ? [] : classes), ...repeat(n, () => pick(random, absent ? classes.slice(1) : classes))];
  const sharp = pick(random, [0.2, 1, 5]);
  const y = chosen.map((own) => {
    const raw = classes.map((one) => Math.round(20 * (random.uniform() + sharp * Number(one === own))) / 20 + 0.01);
    const total = raw.reduce((a, b) => a + b, 0);
    return raw.map((value) => value / total);
  });
  const weights = drawWeights(random, chosen.length);
  const call = (fn: MetricCall["fn"], kwargs: Kwargs = {}): MetricCall => ({ fn, yTrue: chosen, y, kwargs });
  const labels = absent || chance(random, 0.3) ? { labels: classes } : {};
  return [
    ...(["micro", "macro", "weighted", null] as const).map((average) =>
      call("roc_auc_score", { ...labels, ...weights, average, multi_class: "ovr" }),
    ),
    ...(new Set(chosen).size === 1
      ? []
      : ["macro", "weighted"].map((average) => call("roc_auc_score", { ...labels, average, multi_class: "ovo" }))), // of one class it is NaN here; scikit-learn's weighted one divides by zero
    ...(absent
      ? []
      : ["micro", "macro", "weighted", "samples", null].map((average) =>
          call("average_precision_score", { ...weights, average }),
        )),
    call("log_loss", { ...labels, ...weights }),
    call("brier_score_loss", { ...labels, ...weights, scale_by_half: chance(random, 0.5) }),
  ].map(withoutNulls);
}

/** An average of `None` has a meaning; other options are left out where they are null. */
function withoutNulls({ kwargs, ...call }: MetricCall): MetricCall {
  return {
    ...call,
    kwargs: Object.fromEntries(Object.entries(kwargs).filter(([name, value]) => value !== null || name === "average")),
  };
}
