import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { duration } from "../../src/cli/terminal/terminal";
import { axis, baseLayout } from "../../src/figures/plots/base-layout";
import { figure } from "../../src/figures/plots/figure";
import { NEUTRAL, OKABE_ITO } from "../../src/figures/plots/palette";
import { median } from "../../src/base/median";
import type { Figure, Trace } from "../../src/figures/types";
import { loadClassifier, train } from "../../src/index";
import { fitLine, type FittedLine } from "./fit-line";
import { describeMachine, loadPerCore, machineSentence } from "./machine";
import { pictures } from "./report";
import { loadStudyData } from "./study-data";
import { HELP, OPTIONS } from "./soak-options.cjs";

const WARM_UP = 0.2; // of the samples
const EVALUATE_EVERY = 40; // steps
const FLAT = 0.05; // of the level over the whole run

interface Sample {
  readonly step: number;
  readonly minutes: number;
  readonly tensors: number;
  readonly residentMB: number;
  readonly heapMB: number;
  readonly externalMB: number;
  readonly secondsAStep: number;
}

/** Whether a measure stayed where it was. */
interface Verdict {
  readonly what: string;
  readonly level: number;
  readonly slope: FittedLine;
  /** Change over the measured part, as a share of the level. */
  readonly drift: number;
  readonly flat: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const [minutes, every] = [Number(values.minutes), Number(values.every)];
  if (!(minutes > 0) || !Number.isInteger(every) || every < 1) throw new RangeError(HELP);
  const machine = describeMachine();
  const data = await loadStudyData();
  console.log(
    `Machine: ${machineSentence(machine)}; load average a core ${loadPerCore().toFixed(2)}; data: ${data.source}`,
  );
  const outputDir = await mkdtemp(join(tmpdir(), "tslora-soak-"));
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  const rows = ({ texts, labels }: typeof data.train): { text: string; label: number }[] =>
    texts.map((text, i) => ({ text, label: labels[i] }));
  const classifier = await loadClassifier(values.model, { seed: 42 });
  classifier.addAdapter({ r: 8, loraAlpha: 16, loraDropout: 0.1 });
  const samples: Sample[] = [];
  const began = performance.now();
  let [evaluations, checkpoints, steps, last] = [0, 0, 0, began];
  const date = new Date().toISOString();
  const write = async (): Promise<void> =>
    report(
      { date, machine, minutes, source: data.source, model: values.model, steps, evaluations, checkpoints },
      samples,
    );
  try {
    const run = train(classifier, {
      train: rows(data.train),
      validation: rows(data.validation),
      numTrainEpochs: 1e6,
      lrSchedulerType: "constant",
      learningRate: 1e-4,
      evalSteps: EVALUATE_EVERY,
      saveSteps: EVALUATE_EVERY,
      outputDir,
      signal: stop.signal,
    });
    for await (const event of run) {
      if (event.type === "evaluation") evaluations++;
      else if (event.type === "checkpoint") checkpoints++;
      else if (event.type === "step") {
        steps = event.step;
        if (steps % every !== 0) continue;
        const now = performance.now();
        const { rss, heapUsed, external } = process.memoryUsage();
        samples.push({
          step: steps,
          minutes: (now - began) / 60_000,
          tensors: classifier.model.ops.alive(),
          residentMB: rss / 1e6,
          heapMB: heapUsed / 1e6,
          externalMB: external / 1e6,
          secondsAStep: (now - last) / 1000 / every,
        });
        last = now;
        if (samples.length % 10 === 0) {
          const { tensors, residentMB, heapMB } = samples[samples.length - 1];
          console.log(
            `${duration(now - began)}: step ${steps}, ${tensors} tensors, ${residentMB.toFixed(0)} MB resident, ${heapMB.toFixed(0)} MB heap, ${evaluations} evaluations, ${checkpoints} checkpoints`,
          );
          await write();
        }
        if (now - began > minutes * 60_000) stop.abort();
      }
    }
  } finally {
    await rm(outputDir, { recursive: true, force: true });
  }
  await write();
  const { svg, png } = await pictures(soakFigure(samples));
  const out = join(projectRoot(), "output", "bench");
  await writeAtomically(join(out, "soak.svg"), svg);
  await writeAtomically(join(out, "soak.png"), png);
  console.log(
    `\n${steps} steps in ${duration(performance.now() - began)}, ${evaluations} evaluations, ${checkpoints} checkpoints; after the first ${100 * WARM_UP}%:`,
  );
  for (const { what, level, slope, drift, flat } of verdicts(samples))
    console.log(
      `  ${what}: ${level.toFixed(0)} at the median, slope ${slope.slope.toPrecision(2)} ± ${slope.error.toPrecision(2)} an hour (standard error), ${(100 * drift).toFixed(1)}% over the run: ${flat ? "flat" : "NOT FLAT"}`,
    );
  console.log("The report is output/bench/soak.json, with soak.png");
}

/** Slopes after the warm-up: flat is what changes by less than a twentieth over the run; of tensors, by none at all. */
function verdicts(samples: readonly Sample[]): Verdict[] {
  const kept = samples.slice(Math.floor(samples.length * WARM_UP));
  const hours = kept.map(({ minutes }) => minutes / 60);
  const measures = {
    "tensors alive": "tensors",
    "resident memory, MB": "residentMB",
    "heap, MB": "heapMB",
    "memory outside the heap, MB": "externalMB",
  } as const;
  return Object.entries(measures).map(([what, name]) => {
    const found = kept.map((sample) => sample[name]);
    const slope = fitLine(hours, found);
    const level = median(found);
    const drift = (slope.slope * (Math.max(...hours) - Math.min(...hours))) / level;
    const steady = name === "tensors" ? new Set(found).size === 1 : drift < FLAT;
    return { what, level, slope, drift, flat: steady };
  });
}

async function report(settings: object, samples: readonly Sample[]): Promise<void> {
  const out = join(projectRoot(), "output", "bench");
  await mkdir(out, { recursive: true });
  await writeAtomically(
    join(out, "soak.json"),
    `${JSON.stringify({ ...settings, node: process.version, verdicts: samples.length < 3 ? [] : verdicts(samples), samples }, undefined, 1)}\n`,
  );
}

function soakFigure(samples: readonly Sample[]): Figure {
  const x = samples.map(({ minutes }) => Number(minutes.toFixed(2)));
  const warm = samples[Math.floor(samples.length * WARM_UP)]?.minutes ?? 0;
  const line = (name: string, y: readonly number[], colour: string, yaxis: string): Trace => ({
    type: "scatter",
    mode: "lines",
    name,
    x,
    y: y.map((value) => Number(value.toPrecision(5))),
    yaxis,
    line: { color: colour, width: 2 },
    hovertemplate: "%{x} min: %{y}",
  });
  return figure({
    data: [
      line(
        "resident memory",
        samples.map(({ residentMB }) => residentMB),
        OKABE_ITO[0],
        "y",
      ),
      line(
        "heap",
        samples.map(({ heapMB }) => heapMB),
        OKABE_ITO[1],
        "y",
      ),
      line(
        "outside the heap",
        samples.map(({ externalMB }) => externalMB),
        OKABE_ITO[4],
        "y",
      ),
      line(
        "tensors alive",
        samples.map(({ tensors }) => tensors),
        OKABE_ITO[2],
        "y2",
      ),
    ],
    layout: {
      ...baseLayout({
        title: `${samples.at(-1)?.step ?? 0} steps of training: what is held`,
        legend: true,
        height: 480,
      }),
      xaxis: axis("Minutes", { anchor: "y2", rangemode: "tozero" }),
      yaxis: axis("Megabytes", { domain: [0.4, 1], rangemode: "tozero" }),
      yaxis2: axis("Tensors", { domain: [0, 0.3], rangemode: "tozero" }),
      shapes: [
        {
          type: "line",
          x0: warm,
          x1: warm,
          y0: 0,
          y1: 1,
          yref: "paper",
          line: { color: NEUTRAL, width: 1.5, dash: "dot" },
        },
      ],
    },
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
