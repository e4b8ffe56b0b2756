import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { projectRoot } from "../../../src/base/project-root";
import { median } from "../../../src/base/median";
import type { BenchLine, Comparison } from "../bench-line";
import { NAMES } from "../measure-epoch";
import { makeModelFolder } from "../model-folders";
import { loadStudyData } from "../study-data";

const BAR = { atLeast: 2, aim: 4 };
const ROUNDS = 3;

/** Seconds from the command's start to its first optimizer step done, and to its begin. */
interface Start {
  readonly begins: number;
  readonly done: number;
}

/** From command to first training step: a script of ours and Python's, processes of their own in each round. */
export const line: BenchLine = {
  title: "from command to first training step, all set up",
  order: 9,
  async run({ folder, models, python, rounds: asked, note }) {
    const rounds = Math.min(ROUNDS, asked);
    const { texts, labels } = (await loadStudyData()).all;
    const data = join(folder, "abstracts.csv");
    await writeFile(
      data,
      ["text,label", ...texts.map((text, i) => `"${text.replaceAll('"', '""')}",${labels[i]}`), ""].join("\n"),
    );
    const comparisons: Comparison[] = [];
    for (const size of ["minilm", "distilbert"] as const) {
      const model = await makeModelFolder({ size, parent: models });
      const file = join(projectRoot(), "test", "bench", "sides", "first-step.py");
      const scripts = size === "minilm" ? (["loop", "trainer"] as const) : (["loop"] as const); // the larger model's steps take long
      const commands: Record<string, string[]> = {
        tslora: [process.execPath, join(__dirname, "..", "sides", "first-step.js"), data, model],
      };
      for (const script of scripts) commands[script] = [python, file, data, model, script];
      const found: Record<string, Start[]> = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
      for (let round = 0; round <= rounds; round++) {
        const turns = Object.entries(commands);
        for (const [name, command] of round % 2 === 0 ? turns : turns.reverse()) {
          const start = await time(command);
          if (round > 0) found[name].push(start); // the first warms the disk's cache
        }
        note(
          `${NAMES[size]}, ${round === 0 ? "warm-up" : `round ${round} of ${rounds}: ${turns.map(([name]) => `${name} ${found[name].at(-1)?.done.toFixed(2) ?? ""} s`).join(", ")}`}`,
        );
      }
      const begins = (name: string): string => median(found[name].map(({ begins }) => begins)).toFixed(2);
      for (const name of scripts) {
        comparisons.push({
          work: `from command to first step done, ${NAMES[size]}`,
          against: name === "loop" ? "a Python script, plain loop" : "a Python script, Trainer",
          unit: "s",
          ours: found.tslora.map(({ done }) => done),
          theirs: found[name].map(({ done }) => done),
          combine: "median",
          bar: BAR,
          note: `until the step begins: ${begins("tslora")} s here, ${begins(name)} s there`,
        });
      }
    }
    return { comparisons };
  },
};

/** Starts a script, and measures when it prints that its first step begins and ends. */
async function time([program, ...parameters]: readonly string[]): Promise<Start> {
  const started = performance.now();
  const env = {
    ...process.env,
    HF_HUB_OFFLINE: "1",
    PYTHONWARNINGS: "ignore",
    TRANSFORMERS_VERBOSITY: "error",
    HF_HUB_DISABLE_PROGRESS_BARS: "1",
  };
  const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "pipe"], env });
  const found: Partial<Record<string, number>> = {};
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed = (printed + text).slice(-2000)));
  createInterface({ input: child.stdout }).on("line", (text) => (found[text] ??= (performance.now() - started) / 1000));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  const { begins, done } = found;
  if (code !== 0 || begins === undefined || done === undefined)
    throw new Error(`${[program, ...parameters].join(" ")} ended with ${String(code)}:\n${printed}`);
  return { begins, done };
}
