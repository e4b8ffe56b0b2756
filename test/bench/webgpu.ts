import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { median } from "../../src/base/median";
import { projectRoot } from "../../src/base/project-root";
import { composed } from "../../src/ops/composed/composed";
import type { Ops } from "../../src/ops/ops";
import { findAdapter, isSoftware } from "../../src/ops/webgpu/dawn";
import { tfjsOnWebgpu } from "../../src/ops/webgpu/tfjs-on-webgpu";
import { webgpuOps, webgpuPrimitives, type DeviceFailure } from "../../src/ops/webgpu/webgpu-ops";
import { measurePasses, type Passes } from "../ops/webgpu-passes";
import { describeMachine, loadPerCore, machineSentence } from "./machine";
import { HELP, OPTIONS } from "./webgpu-options.cjs";

/** Steps and predictions of a turn; the first ones of each are not measured. */
const TURN = { repetitions: 30, warmUp: 10 };

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(HELP);
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    console.log(line);
  };
  note(`Machine: ${machineSentence(describeMachine())}; load average a core ${loadPerCore().toFixed(2)}.`);
  const { gpu, adapter, listed } = await findAdapter();
  note(`Adapter: ${listed[0] ?? adapter.info.description}.`);
  const { tf, device, backend } = await tfjsOnWebgpu(gpu, adapter);
  const failure: DeviceFailure = {};
  device.addEventListener("uncapturederror", ({ error }) => (failure.message ??= error.message));
  const ways: Readonly<Record<"composed" | "fused", Ops>> = {
    composed: composed(webgpuPrimitives({ tf, backend, failure })),
    fused: webgpuOps({ tf, backend, failure, software: isSoftware(adapter) }),
  };
  const ratios: number[] = [];
  for (const dropout of [0, 0.1]) {
    const ofSteps: number[] = [];
    const ofPredictions: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = await measurePasses(backend, ways.composed, { ...TURN, dropout });
      const now = await measurePasses(backend, ways.fused, { ...TURN, dropout });
      const shown = ({ passes, milliseconds }: Passes): string => `${passes} passes, ${milliseconds.toFixed(1)} ms`;
      ofSteps.push(before.step.milliseconds / now.step.milliseconds);
      ofPredictions.push(before.prediction.milliseconds / now.prediction.milliseconds);
      note(
        `Dropout ${dropout}, round ${round + 1}: a step composed ${shown(before.step)}, fused ${shown(now.step)}; ` +
          `a prediction composed ${shown(before.prediction)}, fused ${shown(now.prediction)}.`,
      );
    }
    const times = (all: readonly number[]): string =>
      `${median(all).toFixed(2)} times as fast (${Math.min(...all).toFixed(2)} to ${Math.max(...all).toFixed(2)})`;
    note(`Dropout ${dropout}, ${rounds} rounds: a step ${times(ofSteps)}, a prediction ${times(ofPredictions)}.`);
    ratios.push(median(ofSteps), median(ofPredictions));
  }
  await writeAtomically(
    join(projectRoot(), "output", "bench", "webgpu.json"),
    `${JSON.stringify({ date: new Date().toISOString(), lines, ratios }, undefined, 2)}\n`,
  );
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
