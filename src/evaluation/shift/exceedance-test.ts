/**
 * The p-value of `count` or more of `n` new texts beyond a threshold, if they come from the distribution of `held`
 * texts, of which the `place`-th largest is at most the threshold. The share beyond an order statistic has a beta
 * distribution, so the count is beta-binomial (negative hypergeometric): exact, without assumptions about distances,
 * and conservative for a threshold between two held-out texts.
 */
export function exceedanceTest(
  count: number,
  { n, held, place }: { readonly n: number; readonly held: number; readonly place: number },
): number {
  const inside = held - place; // held-out texts below the order statistic
  let log = 0; // of the probability of no text beyond it
  for (let i = 1; i <= n; i++) log += Math.log(inside + i) - Math.log(held + i);
  const logs = [log];
  for (let c = 0; c < n; c++) {
    log += Math.log(place + c) - Math.log(c + 1) + Math.log(n - c) - Math.log(n - c + inside);
    logs.push(log);
  }
  return Math.min(
    1,
    logs.slice(count).reduce((sum, one) => sum + Math.exp(one), 0),
  );
}
