import { pairwiseSum } from "../../base/pairwise-sum";
import { roundPreservingSum } from "./round-preserving-sum";
import { argmax, expectProbabilities, type ClassProbabilities } from "./labelled-probabilities";

/** Options of {@link confidentJoint}, with cleanlab's names in camelCase. */
export interface ConfidentJointOptions {
  /**
   * Whether to scale each row to the number of texts with that label, and to round it to whole numbers.
   * @default true
   */
  readonly calibrate?: boolean;
}

/** The confident joint, and the texts that it counts off its diagonal. */
export interface ConfidentJoint {
  /** Texts by given label and by confident class: `counts[given][confident]`. */
  readonly counts: readonly (readonly number[])[];
  /** For each class, the mean probability of the class over the texts with that label. 2 for a class without texts. */
  readonly thresholds: readonly number[];
  /** Rows whose confident class is not their label. */
  readonly offDiagonal: readonly number[];
}

const LOWEST_THRESHOLD = 2e-6; // as in cleanlab; above COMPARISON
const COMPARISON = 1e-6;
const TINY = 1e-100;
const NEVER = 2; // a threshold that no probability reaches

/**
 * The confident joint of confident learning: how many texts with label i belong to class j with confidence (Northcutt,
 * Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", 2021). A text belongs to a class
 * with confidence if the class's probability reaches the class's threshold. If several classes do, it belongs to the
 * most probable of them. The numbers equal those of `cleanlab.count.compute_confident_joint`.
 *
 * @param labels - the given classes, counted from 0
 * @param probabilities - [texts][classes], from a model that did not train on the text
 * @throws TsloraError `bad-input` if rows or classes do not match.
 */
export function confidentJoint(
  labels: readonly number[],
  probabilities: ClassProbabilities,
  { calibrate = true }: ConfidentJointOptions = {},
): ConfidentJoint {
  const classes = expectProbabilities("confidentJoint", labels, probabilities);
  const thresholds = confidentThresholds(labels, probabilities, classes);
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const offDiagonal: number[] = [];
  labels.forEach((label, row) => {
    const guess = confidentClass(probabilities[row], thresholds);
    if (guess === undefined) return;
    counts[label][guess]++;
    if (guess !== label) offDiagonal.push(row);
  });
  for (let label = 0; label < classes; label++) counts[label][label] = Math.max(1, counts[label][label]);
  return { counts: calibrate ? calibrateJoint(counts, labels) : counts, thresholds, offDiagonal };
}

function confidentThresholds(labels: readonly number[], probabilities: ClassProbabilities, classes: number): number[] {
  const own = Array.from({ length: classes }, (): number[] => []);
  labels.forEach((label, row) => own[label].push(probabilities[row][label]));
  return own.map((values) =>
    Math.max(LOWEST_THRESHOLD, values.length === 0 ? NEVER : pairwiseSum(values) / values.length),
  );
}

/** The class to which a text belongs with confidence, or undefined. */
function confidentClass(row: ArrayLike<number>, thresholds: readonly number[]): number | undefined {
  let first: number | undefined;
  let several = false;
  for (let label = 0; label < thresholds.length; label++) {
    if (!(row[label] >= thresholds[label] - COMPARISON)) continue;
    if (first === undefined) first = label;
    else several = true;
  }
  return several ? argmax(row) : first;
}

/**
 * Scales each row so that it sums to the number of its label's texts, then the whole matrix to the number of all texts.
 * The order of operations is cleanlab's, so that sums have the same last bit.
 */
function calibrateJoint(counts: readonly (readonly number[])[], labels: readonly number[]): number[][] {
  const texts = new Array<number>(counts.length).fill(0);
  for (const label of labels) texts[label]++;
  const scaled = counts.map((row, label) => {
    const sum = Math.max(TINY, pairwiseSum(row));
    return row.map((count) => (count / sum) * texts[label]);
  });
  const byColumn = counts.flatMap((_, column) => scaled.map((row) => row[column])); // NumPy's matrix is column-major
  const whole = Math.max(TINY, pairwiseSum(byColumn));
  return scaled.map((row) => roundPreservingSum(row.map((value) => (value / whole) * labels.length)));
}
