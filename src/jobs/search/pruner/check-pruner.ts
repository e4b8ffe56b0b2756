import { isRecord } from "../../../base/json";
import type { Problems } from "../../../base/problems";
import { shownValue } from "../../../base/shown-value";
import type { ASHA_DEFAULTS } from "./pruner-options";

const isCount = (least: number) => (value: unknown) => Number.isSafeInteger(value) && Number(value) >= least;

const ROWS: Readonly<Record<keyof typeof ASHA_DEFAULTS, { words: string; holds: (value: unknown) => boolean }>> = {
  minResource: { words: "a whole number of evaluations above 0", holds: isCount(1) },
  reductionFactor: { words: "a whole number of at least 2", holds: isCount(2) },
  minEarlyStoppingRate: { words: "a whole number of at least 0", holds: isCount(0) },
  pruned: { words: "continue or stop", holds: (value) => value === "continue" || value === "stop" },
};

/** Checks a pruner's options of any origin, and adds all that is wrong to `problems`. */
export function checkPruner(pruner: unknown, { problems }: { problems: Problems }): void {
  const name = isRecord(pruner) ? pruner.name : pruner;
  if (!isRecord(pruner) || (name !== "none" && name !== "asha")) {
    problems.expect(false, `pruner.name must be asha or none; got ${shownValue(name)}`);
    return;
  }
  for (const [key, value] of Object.entries(pruner)) {
    if (key === "name" || value === undefined) continue;
    const row = name === "asha" && Object.hasOwn(ROWS, key) ? ROWS[key as keyof typeof ROWS] : undefined;
    const known = name === "asha" ? Object.keys(ROWS).join(", ") : "none";
    if (problems.expect(row !== undefined, `pruner.${key} is not an option of ${name}; known are ${known}`) && row)
      problems.expect(row.holds(value), `pruner.${key} must be ${row.words}; got ${shownValue(value)}`);
  }
}
