/** The metric after a step. */
export interface Evaluated {
  readonly step: number;
  readonly value: number;
}

/**
 * A job's evaluations so far as the numbers of its progress: `f1@20` is the metric f1 after step 20. Drivers may leave
 * out reports that follow each other closely, so each report holds all of them.
 */
export function reportedValues(metric: string, evaluations: readonly Evaluated[]): Readonly<Record<string, number>> {
  return Object.fromEntries(evaluations.map(({ step, value }) => [`${metric}@${step}`, value]));
}

/** The evaluations of {@link reportedValues}, in order. */
export function readReportedValues(metric: string, values: Readonly<Record<string, number>> = {}): Evaluated[] {
  const start = `${metric}@`;
  return Object.entries(values)
    .filter(([name, value]) => name.startsWith(start) && Number.isFinite(value))
    .map(([name, value]) => ({ step: Number(name.slice(start.length)), value }))
    .sort((a, b) => a.step - b.step);
}
