import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { table } from "../../src/cli/terminal/terminal";
import { axis, baseLayout } from "../../src/figures/plots/base-layout";
import { figure } from "../../src/figures/plots/figure";
import { OKABE_ITO } from "../../src/figures/plots/palette";
import type { Figure, Trace } from "../../src/figures/types";
import { describeMachine, loadPerCore, machineSentence } from "./machine";
import { makeModelFolder, type ModelSize } from "./model-folders";
import { pictures } from "./report";
import { Side, withSides } from "./side";
import { loadStudyData } from "./study-data";
import { HELP, OPTIONS } from "./growth-options.cjs";

/** A curve: what grows, and what the others stay at. */
interface Curve {
  readonly name: string;
  readonly title: string;
  readonly values: readonly number[];
  readonly point: (
    value: number,
  ) =>
    | { readonly batch: number; readonly length: number; readonly r: number; readonly size?: ModelSize }
    | { readonly texts: number };
}

interface Point {
  readonly value: number;
  readonly seconds: number;
  readonly gigabytes: number;
  /** Time of the matrix products alone, at the machine's rate. */
  readonly limitSeconds?: number;
  readonly gflop?: number;
}

const CURVES: readonly Curve[] = [
  {
    name: "batch",
    title: "texts in a batch, of 256 tokens, r 8",
    values: [1, 2, 4, 8, 16, 32, 64],
    point: (batch) => ({ batch, length: 256, r: 8 }),
  },
  {
    name: "length",
    title: "tokens in a text, batch 16, r 8",
    values: [32, 64, 128, 256, 384, 512],
    point: (length) => ({ batch: 16, length, r: 8 }),
  },
  {
    name: "r",
    title: "rank r, batch 16 of 256 tokens",
    values: [1, 4, 16, 64, 128, 256],
    point: (r) => ({ batch: 16, length: 256, r }),
  },
  {
    name: "layers",
    title: "layers of width 384, batch 16 of 256 tokens, r 8",
    values: [6, 12, 18, 24],
    point: (layers) => ({ batch: 16, length: 256, r: 8, size: { layers } }),
  },
  {
    name: "texts",
    title: "texts of some 10 tokens, predicted as they are read",
    values: [1000, 10_000, 30_000, 100_000],
    point: (texts) => ({ texts }),
  },
];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const { model: size } = values;
  if (size !== "minilm" && size !== "distilbert") throw new RangeError(HELP);
  const steps = Number(values.steps);
  const curves = CURVES.filter(({ name }) => values.only.length === 0 || values.only.includes(name));
  const machine = describeMachine();
  const date = new Date().toISOString();
  const loadBefore = loadPerCore();
  console.log(`Machine: ${machineSentence(machine)}; load average a core ${loadBefore.toFixed(2)}`);
  const folder = await mkdtemp(join(tmpdir(), "tslora-growth-"));
  // The process of the point ends with its input.
  const ended = (): void => void rm(folder, { recursive: true, force: true }).finally(() => process.exit(130));
  process.once("SIGINT", ended).once("SIGTERM", ended);
  const out = join(projectRoot(), "output", "bench");
  await mkdir(out, { recursive: true });
  const found: Record<string, readonly Point[]> = {};
  const rates: number[] = [];
  try {
    const { texts } = (await loadStudyData()).all;
    const file = join(folder, "texts.json");
    const tail = texts.slice(0, 8).join(" ");
    await writeFile(file, JSON.stringify(texts.slice(0, 64).map((text) => `${text} ${tail}`)));
    for (const curve of curves) {
      const rate = (await apart((side) => side.ask({ do: "matmul" }))).answer as number;
      rates.push(rate);
      console.log(`${curve.name} (matrix products at ${rate.toFixed(0)} GFLOP/s just before)`);
      const points: Point[] = [];
      for (const value of curve.values) {
        const point = curve.point(value);
        const model = await makeModelFolder({
          size: ("size" in point ? point.size : undefined) ?? size,
          parent: folder,
        });
        points.push(
          "texts" in point
            ? await streamed(value, { model, folder, texts })
            : await trained(value, { request: { ...point, model, file, steps }, rate }),
        );
        const { seconds, gigabytes, limitSeconds } = points[points.length - 1];
        console.log(
          `  ${value}: ${seconds.toFixed(3)} s${limitSeconds === undefined ? "" : `, its matrix products at the limit ${limitSeconds.toFixed(3)} s`}; peak ${gigabytes.toFixed(2)} GB`,
        );
      }
      found[curve.name] = points;
      const { svg, png } = await pictures(growthFigure(curve, points));
      await writeAtomically(join(out, `growth-${curve.name}.svg`), svg);
      await writeAtomically(join(out, `growth-${curve.name}.png`), png);
      await writeAtomically(
        join(out, "growth.json"),
        `${JSON.stringify({ date, machine, node: process.version, model: size, loadPerCoreBefore: loadBefore, loadPerCoreAfter: loadPerCore(), gflopsBeforeEachCurve: rates, curves: found }, undefined, 2)}\n`,
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const { name, title } of curves) console.log(`\n${title}\n${table(rows(name, found[name])).join("\n")}`);
  console.log(
    `\nThe report is output/bench/growth.json, with ${curves.map(({ name }) => `growth-${name}.png`).join(", ")}`,
  );
}

/** A process that lives for one request. */
async function apart(work: (side: Side) => Promise<unknown>): Promise<{ answer: unknown; gigabytes: number }> {
  const side = Side.ours("tslora", "sides/growth");
  return withSides([side], async () => ({ answer: await work(side), gigabytes: side.peakGigabytes() }));
}

async function trained(value: number, { request, rate }: { request: object; rate: number }): Promise<Point> {
  const { answer, gigabytes } = await apart((side) => side.ask({ do: "train", ...request }));
  const { seconds, gflop } = answer as { seconds: number; gflop: number };
  return { value, seconds, gigabytes, gflop, limitSeconds: gflop / rate };
}

/** Predicts a file of so many short texts. */
async function streamed(
  value: number,
  { model, folder, texts }: { model: string; folder: string; texts: readonly string[] },
): Promise<Point> {
  const file = join(folder, "lines.txt");
  const words = texts.map((text) => text.split(/\s+/).slice(0, 6).join(" "));
  const stream = createWriteStream(file);
  for (let i = 0; i < value; i++) stream.write(`${words[i % words.length]} ${i}\n`);
  stream.end();
  await finished(stream);
  const { answer, gigabytes } = await apart((side) => side.ask({ do: "stream", model, file }));
  const { seconds, texts: done } = answer as { seconds: number; texts: number };
  if (done !== value) throw new Error(`${done} of ${value} texts were predicted.`);
  return { value, seconds, gigabytes };
}

function rows(name: string, points: readonly Point[]): string[][] {
  const cells = points.map(({ value, seconds, gigabytes, limitSeconds }) => [
    String(value),
    seconds.toFixed(3),
    limitSeconds?.toFixed(3) ?? "",
    limitSeconds === undefined ? "" : (seconds / limitSeconds).toFixed(2),
    (seconds / value).toPrecision(3),
    gigabytes.toFixed(2),
  ]);
  return [[name, "seconds", "limit", "times the limit", `seconds for each of ${name}`, "peak GB"], ...cells];
}

/** Time above with the limit, memory below. */
function growthFigure({ name, title }: Curve, points: readonly Point[]): Figure {
  const short = (value: number): number => Number(value.toPrecision(4));
  const x = points.map(({ value }) => value);
  const limits = points.flatMap(({ limitSeconds }) => limitSeconds ?? []);
  const line = (label: string, y: readonly number[], colour: string, more: object): Trace => ({
    type: "scatter",
    mode: "lines+markers",
    name: label,
    x,
    y: y.map(short),
    line: { color: colour, width: 2 },
    marker: { color: colour, size: 7 },
    hovertemplate: "%{x}: %{y}",
    ...more,
  });
  const logarithmic = (ticks: readonly number[]): object => ({
    type: "log",
    tickvals: ticks,
    ticktext: ticks.map(String),
  });
  const seconds = [-2, -1, 0, 1, 2].flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  return figure({
    data: [
      line(
        name === "texts" ? "seconds in all" : "seconds a step",
        points.map((point) => point.seconds),
        OKABE_ITO[0],
        {},
      ),
      ...(limits.length === points.length
        ? [
            line("limit: its matrix products", limits, OKABE_ITO[3], {
              line: { color: OKABE_ITO[3], width: 2, dash: "dot" },
            }),
          ]
        : []),
      line(
        "peak memory",
        points.map(({ gigabytes }) => gigabytes),
        OKABE_ITO[2],
        { yaxis: "y2" },
      ),
    ],
    layout: {
      ...baseLayout({ title: `Growth with ${title}`, legend: true, height: 480 }),
      xaxis: axis(name, { ...logarithmic(x), anchor: "y2" }),
      yaxis: axis("Seconds", { domain: [0.44, 1], ...(name === "r" ? { rangemode: "tozero" } : logarithmic(seconds)) }),
      yaxis2: axis("Gigabytes", { domain: [0, 0.34], rangemode: "tozero" }),
    },
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
