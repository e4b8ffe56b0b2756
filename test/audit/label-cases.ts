import { NumpyRandom } from "../../src/corpus/split/numpy-random";

/** Labels and probabilities of a seed, as golden-label-issues.py draws them. */
export function drawLabelCase(seed: number): { labels: number[]; probabilities: number[][] } {
  const classes = 2 + (seed % 9);
  const length = 20 + ((seed * 13) % 400);
  const random = new NumpyRandom(seed);
  const labels: number[] = [];
  const probabilities: number[][] = [];
  for (let row = 0; row < length; row++) {
    const bits = Array.from({ length: classes + 4 }, () => random.uint32());
    const truth = bits[classes] % classes;
    labels.push(bits[classes + 1] % (2 + (seed % 11)) === 0 ? bits[classes + 2] % classes : truth);
    const weights = bits.slice(0, classes).map((value) => ((value + 1) / 2 ** 32) * ((value + 1) / 2 ** 32));
    weights[truth] *= 1 + (bits[classes + 3] % 8);
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    probabilities.push(weights.map((weight) => weight / whole));
  }
  return { labels, probabilities };
}
