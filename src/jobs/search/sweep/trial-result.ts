import { isRecord } from "../../../base/json";
import type { JobManifest } from "../../contract/job-manifest";

/** The number that a job's summary gives a metric; undefined if it has none that is finite. */
export function metricOf({ summary }: JobManifest, metric: string): number | undefined {
  const value = summary[metric];
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** The evaluations that a job's summary lists, in order. */
export function evaluationsOf({ summary }: JobManifest): readonly { readonly step: number; readonly value: number }[] {
  const { evaluations } = summary;
  if (!Array.isArray(evaluations)) return [];
  return evaluations.flatMap((one: unknown) =>
    isRecord(one) && typeof one.step === "number" && typeof one.value === "number"
      ? [{ step: one.step, value: one.value }]
      : [],
  );
}
