import { Problems } from "../../base/problems";

/**
 * Adjusts the p-values of several tests so that the probability of any false rejection is bounded (Holm, "A Simple
 * Sequentially Rejective Multiple Test Procedure", 1979): the smallest of n is multiplied by n, the next by n - 1, and
 * so on; none becomes smaller than the one before it, or greater than 1. The values equal those of statsmodels'
 * `multipletests(p, method="holm")`.
 *
 * @param pValues - of one family of tests
 * @returns the adjusted p-values, in the given order
 * @throws TsloraError `bad-input` for a value outside 0 to 1.
 */
export function holmCorrection(pValues: readonly number[]): number[] {
  const problems = new Problems("holmCorrection");
  const bad = pValues.find((p) => !(p >= 0 && p <= 1));
  problems.expect(bad === undefined, `pValues must be from 0 to 1; got ${String(bad)}`);
  problems.throwIfAny("bad-input");
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let greatest = 0;
  order.forEach((which, rank) => {
    greatest = Math.min(1, Math.max(greatest, (pValues.length - rank) * pValues[which]));
    adjusted[which] = greatest;
  });
  return adjusted;
}
