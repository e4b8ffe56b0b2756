import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { Random } from "../../src/base/random";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { duration, processTerminal, styled, table } from "../../src/cli/terminal/terminal";
import { chooseOnly, readSeed, runMain } from "../base/run-main";
import { MODEL_TYPES } from "./architectures";
import { architectureTable } from "./architecture-table";
import { holds, type Measure, type ParityLine } from "./parity-line";
import { referencePython, referencePythonPath } from "./reference-python";
import { HELP, OPTIONS } from "./run-options.cjs";
import { describeMachine, machineSentence } from "../bench/machine";
import { writeResults } from "../write-results";

/** A line's result: what it measured, or why it ended. */
interface Outcome {
  readonly name: string;
  readonly title: string;
  readonly against: string;
  readonly measures: readonly Measure[];
  readonly failure?: string;
  readonly elapsedMs: number;
}

const HEAD = ["line", "against", "of it", "cases", "largest difference", "bound", "", "time"];

/** Runs every line of the parity table against the Python libraries and prints the table of largest differences. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const seed = readSeed(values.seed);
  const scale = Number(values.scale);
  if (!(scale > 0)) throw new RangeError(`--scale must be above 0; got ${values.scale}. See --help.`);
  if (values.write && (values.only.length > 0 || values.type.length > 0 || scale !== 1))
    throw new RangeError(
      "--write must be used without --only, --type and --scale: test/parity/RESULTS.md has all cases.",
    );
  const python = referencePythonPath();
  if (!existsSync(python)) throw new Error(`${python} is not there; npm run test:parity makes it.`);
  const names = chooseOnly(await lineNames(), values.only, (name, word) => name.includes(word));
  const types = chooseOnly(MODEL_TYPES, values.type, (name, word) => name === word, "--type");

  const terminal = processTerminal();
  console.log(`Parity, seed ${seed}, scale ${scale}: ${names.length} lines`);
  const outcomes: Outcome[] = [];
  for (const [index, name] of names.entries()) {
    console.log(styled(terminal, "bold", `[${index + 1}/${names.length}] ${name}`));
    const outcome = await runLine(name, { seed, scale, python, types });
    outcomes.push(outcome);
    for (const measure of outcome.measures)
      console.log(
        `  ${holds(measure) ? "holds" : styled(terminal, "red", "FAILS")}  ${measure.what}: ${shown(measure)}${measure.worst === undefined || holds(measure) ? "" : ` at ${measure.worst}`}`,
      );
    if (outcome.failure !== undefined) console.log(styled(terminal, "red", `  ended by an error: ${outcome.failure}`));
  }

  const rows = outcomes.flatMap(({ title, against, measures, failure, elapsedMs }) => [
    ...measures.map((measure, i) => [
      i === 0 ? title : "",
      i === 0 ? against : "",
      measure.what,
      String(measure.cases),
      measure.bound === 0 ? `${measure.largest} differ` : number(measure.largest),
      measure.bound === 0 ? "identical" : number(measure.bound),
      holds(measure) ? "holds" : "FAILS",
      i === 0 ? duration(elapsedMs) : "",
    ]),
    ...(failure === undefined ? [] : [[title, against, "ended by an error", "", "", "", "FAILS", duration(elapsedMs)]]),
  ]);
  console.log(`\n${table([HEAD, ...rows], { left: 3 }).join("\n")}`);
  const architectures = architectureTable(outcomes);
  if (architectures.length > 1) console.log(`\n${table(architectures, { left: 1 }).join("\n")}`);
  const wrong = outcomes.filter(({ measures, failure }) => failure !== undefined || !measures.every(holds));
  const report = join(projectRoot(), "output", "parity.json");
  await writeAtomically(report, `${JSON.stringify({ seed, scale, node: process.version, outcomes }, undefined, 2)}\n`);
  const verdict = `${outcomes.length - wrong.length} lines hold, ${wrong.length} fail`;
  if (values.write)
    await writeResults({
      path: join(projectRoot(), "test", "parity", "RESULTS.md"),
      command: "npm run test:parity",
      text: [
        `${new Date().toISOString()}, seed ${seed}: ${verdict}.`,
        `Machine: ${machineSentence(describeMachine())}.`,
        `Versions: Node ${process.version}, ${await pythonVersions(python)}.`,
        "",
        ...markdown(architectures),
        "",
        ...markdown([HEAD, ...rows]),
      ].join("\n"),
    });
  console.log(`\n${verdict} (seed ${seed}); the report is output/parity.json`);
  return wrong.length === 0 ? 0 : 1;
}

async function runLine(
  name: string,
  options: { seed: number; scale: number; python: string; types: readonly string[] },
): Promise<Outcome> {
  const { seed, scale, python, types } = options;
  const { line } = (await import(join(__dirname, "lines", `${name}.js`))) as { line: ParityLine };
  const folder = await mkdtemp(join(tmpdir(), "tslora-parity-"));
  const started = performance.now();
  const finish = (rest: Pick<Outcome, "measures" | "failure">): Outcome => ({
    name,
    title: line.title,
    against: line.against,
    ...rest,
    elapsedMs: performance.now() - started,
  });
  try {
    const measures = await line.run({
      random: new Random(seed).fork(name),
      folder,
      types,
      scale,
      cases: (atFullScale) => Math.max(1, Math.round(atFullScale * scale)),
      python: (input) =>
        referencePython(join(projectRoot(), "test", "parity", "lines", `${name}.py`), { input, folder, python }),
      note: (text) => console.log(`  ${text}`),
    });
    return finish({ measures });
  } catch (error) {
    return finish({ measures: [], failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function markdown([head, ...rows]: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

/** Versions of the Python libraries, as `torch 2.13.0, ...`. */
async function pythonVersions(python: string): Promise<string> {
  const program = `from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft", "scikit-learn", "cleanlab", "datasketch", "tensorboard")))`;
  return (await promisify(execFile)(python, ["-c", program])).stdout.trim();
}

async function lineNames(): Promise<string[]> {
  const files = await readdir(join(projectRoot(), "test", "parity", "lines"));
  return files.flatMap((file) => (file.endsWith(".ts") ? [file.slice(0, -".ts".length)] : [])).sort();
}

function shown({ cases, largest, bound }: Measure): string {
  return bound === 0
    ? `${cases} cases, ${largest} differ`
    : `${cases} cases, largest difference ${number(largest)} (bound ${number(bound)})`;
}

function number(value: number): string {
  return Number.isFinite(value) ? value.toExponential(1) : String(value);
}

runMain(main);
