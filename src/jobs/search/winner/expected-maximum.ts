import { normalCdf } from "../samplers/normal";

const END = 9; // standard deviations, beyond which nothing is left
const STEPS = 4000;

/**
 * The expected maximum of `count` independent standard normal values: 1.03 for four, 2.16 for forty. It is the integral
 * of x times the density of the greatest order statistic (David and Nagaraja, "Order Statistics", 2003), by Simpson's
 * rule.
 */
export function expectedMaximum(count: number): number {
  const width = (2 * END) / STEPS;
  let sum = 0;
  for (let i = 0; i <= STEPS; i++) {
    const x = -END + i * width;
    const density = (count * Math.exp(-0.5 * x * x) * normalCdf(x) ** (count - 1)) / Math.sqrt(2 * Math.PI);
    sum += x * density * (i === 0 || i === STEPS ? 1 : i % 2 === 1 ? 4 : 2);
  }
  return (sum * width) / 3;
}
