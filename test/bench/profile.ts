import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { loadClassifier } from "../../src/classifier/load-classifier";
import { table } from "../../src/cli/terminal/terminal";
import { train } from "../../src/training/train";
import { measureMatmul, measureSynchrony, type MatmulRate } from "./matmul-rate";
import { makeModelFolder } from "./model-folders";
import { loadStudyData } from "./study-data";
import { watchOps, type OpTotal, type OpWatch } from "./watch-ops";
import { HELP, OPTIONS } from "./profile-options.cjs";

interface Settings {
  readonly model: "minilm" | "distilbert";
  readonly method: "lora" | "full";
  readonly dropout?: 0;
  readonly steps: number;
  readonly shapes: number;
  readonly predict: boolean;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const { method } = values;
  const models = values.model === undefined ? (["distilbert", "minilm"] as const) : [values.model];
  if (
    (method !== "lora" && method !== "full") ||
    !models.every((model) => model === "minilm" || model === "distilbert") ||
    (values.dropout !== undefined && Number(values.dropout) !== 0)
  )
    throw new RangeError(HELP);
  const settings = {
    method,
    ...(values.dropout === undefined ? {} : { dropout: 0 as const }),
    steps: Number(values.steps),
    shapes: Number(values.shapes),
    predict: values.predict,
  } as const;
  const synchrony = measureSynchrony();
  console.log(
    `An op's call returns when the op is done: a product took ${synchrony.call.toFixed(1)} ms to call, and its result ${synchrony.read.toFixed(1)} ms to use.`,
  );
  const rates = measureMatmul();
  console.log(rateLines(rates).join("\n"));
  const watch = watchOps({ extents: new Set([32, 64, 384, 768, 1536, 2304, 3072, 30522]) });
  const folder = await mkdtemp(join(tmpdir(), "tslora-profile-"));
  const report: object[] = [];
  try {
    for (const model of models) report.push(await profile({ ...settings, model }, { watch, rates, folder }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await writeAtomically(
    join(projectRoot(), "output", "bench", "profile.json"),
    `${JSON.stringify({ date: new Date().toISOString(), node: process.version, settings, synchrony, rates, report }, undefined, 2)}\n`,
  );
  console.log("\nThe report is output/bench/profile.json");
}

async function profile(
  settings: Settings,
  { watch, rates, folder }: { watch: OpWatch; rates: readonly MatmulRate[]; folder: string },
): Promise<object> {
  const { model, method, dropout, steps, shapes } = settings;
  const { train: examples, source } = await loadStudyData();
  const directory = await makeModelFolder({
    size: model,
    parent: folder,
    ...(dropout === undefined ? {} : { dropout }),
  });
  const classifier = await loadClassifier(directory, { seed: 42 });
  if (settings.predict) {
    classifier.addAdapter({ r: 8 });
    await classifier.mergeAdapter({ allowUntrained: true });
  } else if (method === "lora") classifier.addAdapter({ r: 8, loraAlpha: 16, loraDropout: dropout ?? 0.1 });
  else classifier.trainAllWeights();
  const units = settings.predict ? steps * 16 : steps;
  let wall = 0;
  let tokens = 0;
  if (settings.predict) {
    const texts = examples.texts.slice(0, 16 * (steps + 1));
    await classifier.predictLogits(texts.slice(0, 16));
    const rest = texts.slice(16);
    tokens = classifier.tokenizer.encode(rest).reduce((sum, { ids }) => sum + ids.length, 0);
    watch.reset();
    const start = performance.now();
    await classifier.predictLogits(rest);
    wall = performance.now() - start;
  } else {
    const rows = examples.texts.map((text, i) => ({ text, label: examples.labels[i] }));
    let start = 0;
    for await (const event of train(classifier, {
      train: rows,
      numTrainEpochs: 1,
      maxSteps: steps + 1,
      warmupRatio: 0,
    })) {
      if (event.type !== "step") continue;
      if (event.step === 1) [start] = [performance.now(), watch.reset()];
      else [wall, tokens] = [performance.now() - start, tokens + event.tokens];
    }
  }
  const byOp = sorted(watch.byOp);
  const byShape = sorted(watch.byShape).slice(0, shapes);
  const inTensorFlow = byOp.reduce((sum, [, { ms }]) => sum + ms, 0);
  const flop = byOp.reduce((sum, [, total]) => sum + total.flop, 0);
  const products = byOp.filter(([, total]) => total.flop > 0).reduce((sum, [, { ms }]) => sum + ms, 0);
  const calls = byOp.reduce((sum, [, total]) => sum + total.calls, 0);
  const limit = Math.max(...rates.map(({ best }) => best));
  const atLimit = flop / limit / 1e6;
  const unit = settings.predict ? "text" : "step";
  const lines = [
    ["op", `calls a ${unit}`, `ms a ${unit}`, "share", `GFLOP a ${unit}`, "GFLOP/s"],
    ...byOp.filter(([, { ms }]) => ms / wall > 0.001).map(([name, total]) => row(name, total, { wall, units })),
    row("TensorFlow, all", { calls, ms: inTensorFlow, flop }, { wall, units }),
    row("JavaScript", { calls: 0, ms: wall - inTensorFlow, flop: 0 }, { wall, units }),
    row("all", { calls, ms: wall, flop }, { wall, units }),
  ];
  console.log(
    `\n${model}, ${settings.predict ? "prediction, adapter merged" : method}, dropout ${dropout ?? "as configured"}; ${source}; ${steps} batches of 16, ${Math.round(tokens / steps)} tokens each: ${(wall / units / 1000).toFixed(3)} s a ${unit}`,
  );
  console.log(table(lines).join("\n"));
  if (shapes > 0)
    console.log(
      `\nthe dearest by their shapes\n${table([["op and shapes", `calls a ${unit}`, `ms a ${unit}`, "share", `GFLOP a ${unit}`, "GFLOP/s"], ...byShape.map(([name, total]) => row(name, total, { wall, units }))]).join("\n")}`,
    );
  console.log(
    `\nMatrix products take ${percent(products / wall)} of the time, at ${(flop / products / 1e6).toFixed(0)} GFLOP/s in them and ${(flop / wall / 1e6).toFixed(0)} GFLOP/s over all. At the machine's best (${limit.toFixed(0)} GFLOP/s) they alone would take ${(atLimit / units / 1000).toFixed(3)} s a ${unit}: the time is ${(wall / atLimit).toFixed(2)} times that.`,
  );
  classifier.dispose();
  return {
    model,
    method,
    source,
    unit,
    units,
    wallMs: wall,
    tokens,
    inTensorFlowMs: inTensorFlow,
    productsMs: products,
    flop,
    limitGflops: limit,
    timesTheLimit: wall / atLimit,
    byOp: Object.fromEntries(byOp),
    byShape: Object.fromEntries(byShape),
  };
}

function row(name: string, { calls, ms, flop }: OpTotal, { wall, units }: { wall: number; units: number }): string[] {
  return [
    name,
    calls === 0 ? "" : (calls / units).toFixed(0),
    (ms / units).toFixed(1),
    percent(ms / wall),
    flop === 0 ? "" : (flop / units / 1e9).toFixed(1),
    flop === 0 ? "" : (flop / ms / 1e6).toFixed(0),
  ];
}

function rateLines(rates: readonly MatmulRate[]): string[] {
  return [
    "TensorFlow's matrix products on this machine, fp32:",
    ...table([
      ["[m, k] x [k, n]", "GFLOP/s, best", "median"],
      ...rates.map(({ m, k, n, best, median }) => [`[${m}, ${k}] x [${k}, ${n}]`, best.toFixed(0), median.toFixed(0)]),
    ]),
  ];
}

function sorted(totals: ReadonlyMap<string, OpTotal>): [string, OpTotal][] {
  return [...totals].sort(([, a], [, b]) => b.ms - a.ms);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
