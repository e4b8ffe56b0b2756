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

const surface = JSON.parse(readFileSync(join(FOLDER, "response-surface.json"), "utf8")) as {
  peak: number;
  learningRate: { log10: number; curvature: number; perUpdate: number };
  epochs: { gain: number; rate: number };
  rank: { log2: number; curvature: number };
  dropout: { best: number; curvature: number };
  targets: Record<string, number>;
  overfit: number;
};

/** The response surface: an accuracy for settings of {@link STUDY}. */
export function response(settings: Settings): number {
  const [rate, r, alpha, dropout, epochs] = ["learningRate", "r", "loraAlpha", "loraDropout", "numTrainEpochs"].map(
    (name) => Number(settings[name]),
  );
  const s = surface;
  const scale = Math.log2(alpha / (2 * r)) / Math.log2(10);
  const update = Math.log10(rate) - s.learningRate.log10 + s.learningRate.perUpdate * scale;
  return (
    s.peak +
    s.targets[String(settings.targetModules)] -
    s.learningRate.curvature * update ** 2 -
    s.epochs.gain * Math.exp(-s.epochs.rate * epochs) -
    s.rank.curvature * (Math.log2(r) - s.rank.log2) ** 2 -
    s.dropout.curvature * (dropout - s.dropout.best) ** 2 -
    s.overfit * Math.max(0, update) * epochs
  );
}
