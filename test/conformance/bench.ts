import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { median } from "../../src/base/median";
import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { table } from "../../src/cli/terminal/terminal";
import { STANDARD_DIALECT } from "../../src/notebook/jupyter/standard-dialect";
import { startKernel } from "../../src/notebook/jupyter/kernel-client";
import { saveNotebook } from "../../src/notebook/format/save-notebook";
import type { Notebook } from "../../src/notebook/format/notebook-types";
import { HELP, OPTIONS } from "./bench-options.cjs";

/** A notebook that costs one thing: its cells. */
const NOTEBOOKS: Readonly<Record<string, { readonly what: string; readonly cells: readonly string[] }>> = {
  start: {
    what: "one short cell: start and end",
    cells: ["import os, time\nopen(os.environ['TSLORA_BENCH_CELL'], 'w').write(str(time.time()))"],
  },
  cells: { what: "200 empty cells", cells: Array.from({ length: 200 }, () => "pass") },
  stream: {
    what: "10 MB on a stream, in 100,000 lines",
    cells: ["line = 'x' * 99\nfor i in range(100_000):\n    print(line)"],
  },
  displays: {
    what: "500 updates of a display",
    cells: [
      "from IPython.display import display\nh = display(0, display_id=True)\nfor i in range(500):\n    h.update(i)",
    ],
  },
};

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0))
    throw new RangeError(`--rounds takes a whole number above 0; got ${values.rounds}.`);
  const python = process.env.TSLORA_JUPYTER_PYTHON ?? join(projectRoot(), ".tslora", "conformance", "bin", "python");
  if (!existsSync(python)) throw new Error(`${python} is not there; npm run bench:runner makes it.`);
  const folder = await mkdtemp(join(tmpdir(), "tslora-bench-"));
  try {
    await mkdir(join(folder, "kernels", "python3"), { recursive: true });
    await writeFile(
      join(folder, "kernels", "python3", "kernel.json"),
      JSON.stringify({
        argv: [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name: "Python 3",
        language: "python",
      }),
    );
    const mark = join(folder, "first-cell");
    const env = { ...process.env, JUPYTER_PATH: folder, PYDEVD_DISABLE_FILE_VALIDATION: "1", TSLORA_BENCH_CELL: mark };
    const commands: Readonly<Record<string, (notebook: string) => string[]>> = {
      tslora: (notebook) => [
        process.execPath,
        join(projectRoot(), ".tslora", "package", "cli", "main.js"),
        "run",
        notebook,
        "--quiet",
        "-o",
        join(folder, "out"),
      ],
      papermill: (notebook) => [
        python,
        "-m",
        "papermill",
        notebook,
        join(folder, "papermill.ipynb"),
        "--no-progress-bar",
        "--log-level",
        "ERROR",
      ],
      nbclient: (notebook) => [
        python,
        "-c",
        "from nbclient.cli import main; main()",
        notebook,
        `--output=${join(folder, "nbclient")}`,
      ],
    };
    const rows: string[][] = [];
    const report: Record<string, Record<string, number[]>> = {};
    for (const [name, { what, cells }] of Object.entries(NOTEBOOKS).filter(([name]) => name.includes(values.only))) {
      const path = join(folder, `${name}.ipynb`);
      await saveNotebook(notebookOf(cells), path);
      const runners = Object.keys(commands);
      const empty = (): Record<string, number[]> => Object.fromEntries(runners.map((runner) => [runner, []]));
      const [times, untilCell, boots] = [empty(), empty(), [] as number[]];
      for (let round = 0; round <= rounds; round++) {
        for (const [runner, command] of Object.entries(commands)) {
          const begun = Date.now();
          const elapsed = await time(command(path), { env, cwd: folder });
          if (round === 0) continue; // the first warms the disk's cache
          times[runner].push(elapsed);
          if (name === "start") untilCell[runner].push(Number(readFileSync(mark, "utf8")) * 1000 - begun);
        }
        if (name === "start") boots.push(await bootTime(python, { cwd: folder, env }));
      }
      const show = (label: string, of: Readonly<Record<string, number[]>>, less = 0): void => {
        const middle = Object.fromEntries(Object.entries(of).map(([runner, all]) => [runner, median(all) - less]));
        rows.push([
          label,
          ...runners.map((runner) => `${(middle[runner] / 1000).toFixed(2)} s`),
          `${(middle.papermill / middle.tslora).toFixed(2)}`,
          `${(middle.nbclient / middle.tslora).toFixed(2)}`,
        ]);
        console.log(rows.at(-1)?.join("  "));
      };
      report[name] = times;
      show(what, times);
      if (name !== "start") continue;
      const boot = median(boots);
      report["until the first cell"] = { ...untilCell, "the kernel's own start": boots };
      show("start: until the first cell", untilCell);
      show(`start: the same less the kernel's own ${(boot / 1000).toFixed(2)} s`, untilCell, boot);
    }
    console.log(
      `\n${table([["", "tslora", "papermill", "nbclient", "papermill / tslora", "nbclient / tslora"], ...rows]).join("\n")}`,
    );
    await writeAtomically(
      join(projectRoot(), "output", "bench-runner.json"),
      `${JSON.stringify({ node: process.version, python: spawnSync(python, ["--version"], { encoding: "utf8" }).stdout.trim(), rounds, milliseconds: report }, undefined, 2)}\n`,
    );
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds from the launch of the kernel alone to its first answer. */
async function bootTime(python: string, { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }): Promise<number> {
  const begun = performance.now();
  const kernel = await startKernel({
    spec: {
      name: "python3",
      argv: [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
      displayName: "Python 3",
      language: "python",
      env: {},
      interruptMode: "signal",
      dialect: STANDARD_DIALECT,
    },
    cwd,
    env,
  });
  const elapsed = performance.now() - begun;
  await kernel.stop("ask");
  return elapsed;
}

async function time(
  [program, ...args]: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd: string },
): Promise<number> {
  const start = performance.now();
  let printed = "";
  const code = await new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (printed = (printed + text).slice(-2000)));
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} ended with ${String(code)}:\n${printed}`);
  return performance.now() - start;
}

function notebookOf(sources: readonly string[]): Notebook {
  const cells = sources.map(
    (source, at) =>
      ({ cell_type: "code", id: `cell-${at}`, metadata: {}, source, execution_count: null, outputs: [] }) as const,
  );
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: "python3", display_name: "Python 3", language: "python" } },
    cells,
  };
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
