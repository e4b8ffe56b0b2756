import { checkSpace } from "../space/check-space";
import type { Problems } from "../../../base/problems";
import { shownValue } from "../../../base/shown-value";
import { isRecord } from "../../../base/json";
import type { SearchSpace } from "../space/search-space";
import { gridOf, GridSampler, MOST_GRID_POINTS } from "./grid-sampler";
import { RandomSampler } from "./random-sampler";
import type { Sampler, SamplerOptions, SamplerState } from "./sampler";
import { TpeSampler } from "./tpe-sampler";

/** Makes the sampler of a sweep. `state` is that of the sweep that resumes. */
export function makeSampler(
  space: SearchSpace,
  {
    sampler,
    direction,
    seed,
    state,
  }: { sampler: SamplerOptions; direction: "maximize" | "minimize"; seed: number; state?: SamplerState },
): Sampler {
  switch (sampler.name) {
    case "grid":
      return new GridSampler(space, sampler);
    case "random":
      return new RandomSampler(space, { seed, state });
    case "tpe":
      return new TpeSampler(space, { ...sampler, direction, seed, state });
  }
}

const COUNT = { words: "a whole number above 0", holds: (x: unknown) => Number.isSafeInteger(x) && Number(x) > 0 };
const SWITCH = { words: "true or false", holds: (x: unknown) => typeof x === "boolean" };
const KEYS: Readonly<Record<string, Readonly<Record<string, { words: string; holds: (x: unknown) => boolean }>>>> = {
  random: {},
  grid: { points: COUNT },
  tpe: {
    nStartupTrials: COUNT,
    nEiCandidates: COUNT,
    gamma: { words: "a number between 0 and 1", holds: (x) => typeof x === "number" && x > 0 && x < 1 },
    priorWeight: { words: "a number above 0", holds: (x) => typeof x === "number" && Number.isFinite(x) && x > 0 },
    considerEndpoints: SWITCH,
    multivariate: SWITCH,
  },
};

/** Checks a sampler's options of any origin, and adds all that is wrong to `problems`. */
export function checkSampler(sampler: unknown, { problems, space }: { problems: Problems; space: unknown }): void {
  const name = isRecord(sampler) && typeof sampler.name === "string" ? sampler.name : "";
  if (!isRecord(sampler) || !Object.hasOwn(KEYS, name)) {
    problems.expect(
      false,
      `sampler.name must be tpe, random or grid; got ${shownValue(isRecord(sampler) ? sampler.name : sampler)}`,
    );
    return;
  }
  for (const [key, value] of Object.entries(sampler)) {
    if (key === "name" || value === undefined) continue;
    const row = Object.hasOwn(KEYS[name], key) ? KEYS[name][key] : undefined;
    const known = Object.keys(KEYS[name]).join(", ") || "none";
    if (problems.expect(row !== undefined, `sampler.${key} is not an option of ${name}; known are ${known}`) && row)
      problems.expect(row.holds(value), `sampler.${key} must be ${row.words}; got ${shownValue(value)}`);
  }
  if (name !== "grid" || problems.count > 0 || !checkSpace(space, { problems })) return;
  const points = typeof sampler.points === "number" ? sampler.points : undefined;
  problems.expect(
    gridOf(space, points).length <= MOST_GRID_POINTS,
    `the grid must have at most ${MOST_GRID_POINTS.toLocaleString("en-US")} combinations. Give steps or fewer settings, or use another sampler`,
  );
}
