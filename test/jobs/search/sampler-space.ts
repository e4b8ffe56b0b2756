import { readFileSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";
import type { SearchSpace, Settings, SettingValue } from "../../../src/jobs/search/space/search-space";

/** Shared by the tests of samplers: spaces and objectives of write-sampler-goldens.py, and its numbers. */
export const MIXED: SearchSpace = {
  learningRate: { type: "float", low: 1e-4, high: 1e-2, log: true },
  r: { type: "int", low: 2, high: 16, step: 2 },
  loraDropout: { type: "float", low: 0, high: 0.3 },
  targetModules: { type: "categorical", choices: ["auto", "all-linear", "query,key,value"] },
  n: { type: "int", low: 1, high: 64, log: true },
  q: { type: "float", low: 0, high: 1, step: 0.25 },
  w: { type: "float", low: 0, high: 1, when: { targetModules: "all-linear" } },
};

export const REAL: SearchSpace = {
  x: { type: "float", low: -1, high: 1 },
  y: { type: "float", low: 1e-3, high: 1, log: true },
};

/** The study's space. */
export const STUDY: SearchSpace = {
  learningRate: { type: "float", low: 1e-5, high: 1e-2, log: true },
  r: { type: "int", low: 1, high: 64, log: true },
  loraAlpha: { type: "int", low: 2, high: 128, log: true },
  loraDropout: { type: "float", low: 0, high: 0.3 },
  targetModules: { type: "categorical", choices: ["query,value", "all-linear", "query,key,value"] },
  numTrainEpochs: { type: "int", low: 1, high: 5 },
};

const FOLDER = join(projectRoot(), "test/jobs/search");

/** A run of Optuna. */
export interface GoldenRun {
  readonly space: "mixed" | "real";
  readonly multivariate: boolean;
  readonly seed: number;
  readonly trials: readonly GoldenTrial[];
}

export interface GoldenTrial {
  readonly params: { readonly [name: string]: SettingValue };
  readonly value: number;
}

export const goldens = JSON.parse(readFileSync(join(FOLDER, "golden-samplers.json"), "utf8")) as {
  readonly best: { readonly asItIs: number[]; readonly stable: number[]; readonly random: number[] };
  readonly importances: {
    readonly trials: readonly GoldenTrial[];
    readonly importances: { readonly [name: string]: number };
  };
  readonly runs: readonly GoldenRun[];
};

/** Accuracies of trainings with MiniLM on the study's texts, cut to 40 tokens, and how they are smoothed. */
const surface = JSON.parse(readFileSync(join(FOLDER, "response-surface.json"), "utf8")) as {
  /** Width of the Gaussian by which recorded accuracies are weighted. */
  readonly width: number;
  /** Distance of other target modules. */
  readonly otherTargets: number;
  readonly trials: readonly (Settings & { readonly targetModules: string; readonly accuracy: number })[];
};

const recordedPlaces = surface.trials.map(place);

/** The response surface: the mean of the recorded accuracies, weighted by a Gaussian of the distance. */
export function response(settings: Settings): number {
  const own = place(settings);
  let total = 0;
  let weights = 0;
  for (const [index, recorded] of surface.trials.entries()) {
    let squares = recorded.targetModules === settings.targetModules ? 0 : surface.otherTargets ** 2;
    recordedPlaces[index].forEach((other, i) => (squares += (own[i] - other) ** 2));
    const weight = Math.exp(-squares / (2 * surface.width ** 2));
    total += weight * recorded.accuracy;
    weights += weight;
  }
  return total / weights;
}

/** Settings as a point: each range from 0 to 1. */
function place(settings: Settings): number[] {
  const [rate, r, alpha, dropout, epochs] = ["learningRate", "r", "loraAlpha", "loraDropout", "numTrainEpochs"].map(
    (name) => Number(settings[name]),
  );
  return [(Math.log10(rate) + 5) / 3, Math.log2(r) / 6, (Math.log2(alpha) - 1) / 6, dropout / 0.3, (epochs - 1) / 4];
}
