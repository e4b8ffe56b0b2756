import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { projectRoot } from "../../src/base/project-root";
import { evaluate, loadClassifier, setPrecision, train } from "../../src/index";
import { sharedOps } from "../../src/ops/shared-ops";
import { differenceSentence } from "./difference-sentence";
import { describeMachine, machineSentence } from "./machine";
import { makeModelFolder } from "./model-folders";
import { loadStudyData, type LabelledTexts } from "./study-data";
import { HELP, OPTIONS } from "./precision-options.cjs";

const EPOCHS = 3;
const MAX_LENGTH = 256; // the study's
const MOST_POINTS = 0.5;

interface Row {
  readonly text: string;
  readonly label: number;
}

/** Texts of a seed's run. */
interface Parts {
  readonly train: readonly Row[];
  readonly validation: readonly Row[];
  readonly test: readonly Row[];
}

/** Accuracy on the test texts after one training, and the training's seconds. */
interface Trained {
  readonly accuracy: number;
  /** Accuracy of the same weights in 8 bits; missing after training in bfloat16. */
  readonly int8?: number;
  readonly seconds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const seeds = Number(values.seeds);
  const texts = values.texts === undefined ? Infinity : Number(values.texts);
  if (!Number.isInteger(seeds) || seeds < 1 || !(texts > 0)) throw new RangeError(HELP);
  const data = await loadStudyData();
  const ops = sharedOps();
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    console.log(line);
  };
  note(`Machine: ${machineSentence(describeMachine())}; data: ${data.source}.`);
  note(`Begun ${new Date().toISOString()}; MiniLM, ${EPOCHS} epochs, ${MAX_LENGTH} tokens, the best weights by loss.`);
  if (ops.bfloat16 !== "fast") note("bfloat16 brings nothing on this processor and is not measured.");
  const folder = await mkdtemp(join(tmpdir(), "tslora-bench-precision-"));
  const parts: Parts = {
    train: rowsOf(data.train).slice(0, texts),
    validation: rowsOf(data.validation),
    test: rowsOf(data.test),
  };
  const results: { seed: number; float32: Trained; bf16?: Trained }[] = [];
  try {
    const model = await makeModelFolder({ size: "minilm", parent: folder });
    for (let seed = 1; seed <= seeds; seed++) {
      const float32 = await trained({ model, parts, folder, seed, bf16: false });
      const bf16 = ops.bfloat16 === "fast" ? await trained({ model, parts, folder, seed, bf16: true }) : undefined;
      results.push({ seed, float32, ...(bf16 === undefined ? {} : { bf16 }) });
      const inBf16 =
        bf16 === undefined ? "" : `; trained in bf16 ${shown(bf16.accuracy)}, ${bf16.seconds.toFixed(0)} s`;
      note(
        `Seed ${seed}: test accuracy ${shown(float32.accuracy)}, ${float32.seconds.toFixed(0)} s; the same in int8 ` +
          `${shown(float32.int8)}${inBf16}.`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const int8 = results.map(({ float32 }) => (float32.int8 ?? NaN) - float32.accuracy);
  note(differenceSentence("Prediction in int8", { difference: int8, mostPoints: MOST_POINTS }));
  const bf16 = results.flatMap((run) => (run.bf16 === undefined ? [] : [run.bf16.accuracy - run.float32.accuracy]));
  if (bf16.length > 0) note(differenceSentence("Training in bf16", { difference: bf16, mostPoints: MOST_POINTS }));
  await writeAtomically(
    join(projectRoot(), "output", "bench", "precision.json"),
    `${JSON.stringify({ date: new Date().toISOString(), lines, results }, undefined, 2)}\n`,
  );
}

const shown = (share: number | undefined): string => (share ?? NaN).toFixed(3);

function rowsOf({ texts, labels }: LabelledTexts): Row[] {
  return texts.map((text, i) => ({ text, label: labels[i] }));
}

/** Trains as the study does, keeps the best weights, and predicts the test texts. */
async function trained(run: {
  readonly model: string;
  readonly parts: Parts;
  readonly folder: string;
  readonly seed: number;
  readonly bf16: boolean;
}): Promise<Trained> {
  const { model, parts, folder, seed, bf16 } = run;
  const classifier = await loadClassifier(model, { seed, maxLength: MAX_LENGTH });
  classifier.addAdapter({ r: 8, loraAlpha: 16, loraDropout: 0.1 });
  const started = performance.now();
  const outputDir = join(folder, `${seed}-${bf16 ? "bf16" : "float32"}`);
  const { train: texts, validation } = parts;
  for await (const event of train(classifier, {
    ...{ train: texts, validation, numTrainEpochs: EPOCHS, seed, bf16, outputDir },
  }))
    if (event.type === "warning" && event.kind === "precision") throw new Error(event.message);
  const seconds = (performance.now() - started) / 1000;
  const { accuracy } = await evaluate(classifier, parts.test);
  if (bf16) {
    classifier.dispose();
    return { accuracy, seconds };
  }
  await setPrecision(classifier, "int8");
  const { accuracy: int8 } = await evaluate(classifier, parts.test);
  classifier.dispose();
  return { accuracy, int8, seconds };
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
