import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { duration, processTerminal, styled } from "../../src/cli/terminal/terminal";
import { referencePythonPath } from "../parity/reference-python";
import { ratioOf, type BenchContext, type BenchLine, type Comparison, type Fact, type LineResult } from "./bench-line";
import { describeMachine, loadPerCore, machineSentence } from "./machine";
import { markdownReport, pictures, ratioFigure, tableLines } from "./report";
import { Side, withSides } from "./side";
import { loadStudyData } from "./study-data";
import { writeResults } from "../write-results";
import { HELP, OPTIONS } from "./run-options.cjs";

const QUIET = 0.5; // load average a core, above which the machine is not quiet

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
  if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed))
    throw new RangeError(
      `--rounds takes a whole number above 0 and --seed a whole number; got ${values.rounds} and ${values.seed}.`,
    );
  if (values.write && values.only.length > 0)
    throw new RangeError("--write must be used without --only: test/bench/RESULTS.md has every line.");
  const python = referencePythonPath();
  if (!existsSync(python)) throw new Error(`${python} is not there; npm run bench makes it.`);
  const lines = await chosenLines(values.only);

  const terminal = processTerminal();
  const date = new Date();
  const machine = describeMachine();
  const loadBefore = loadPerCore();
  const { source } = await loadStudyData();
  const versions = await readVersions(python);
  const preface = [
    `Machine: ${machineSentence(machine)}.`,
    `Begun ${date.toISOString()}; seed ${seed}, ${values.whole ? "every batch" : `${rounds} rounds`}; data: ${source}; threads: ${machine.cores} on both sides, fp32.`,
    `Versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}.`,
  ];
  console.log(preface.join("\n"));
  if (loadBefore > QUIET)
    console.log(
      styled(
        terminal,
        "yellow",
        `The machine is not quiet: its load average was ${loadBefore.toFixed(2)} a core. The figures will be of little use.`,
      ),
    );

  const parent = await mkdtemp(join(tmpdir(), "tslora-bench-"));
  const remove = (): Promise<void> => rm(parent, { recursive: true, force: true });
  const ended = (): void => void remove().finally(() => process.exit(130)); // the sides end with their input
  process.once("SIGINT", ended).once("SIGTERM", ended);
  const comparisons: Comparison[] = [];
  const facts: Fact[] = [];
  const failures: string[] = [];
  const stem = join(projectRoot(), "output", "bench", `bench-${date.toISOString().slice(0, 16).replace(":", "-")}`);
  try {
    for (const [index, { name, line }] of lines.entries()) {
      console.log(styled(terminal, "bold", `[${index + 1}/${lines.length}] ${line.title}`));
      const started = performance.now();
      const result = await runLine(name, line, {
        parent,
        python,
        seed,
        rounds,
        whole: values.whole,
        earlier: comparisons,
      }).catch((error: unknown) => String(error instanceof Error ? (error.stack ?? error.message) : error));
      if (typeof result === "string") {
        failures.push(name);
        console.log(styled(terminal, "red", `  ended by an error: ${result}`));
        continue;
      }
      comparisons.push(...result.comparisons);
      facts.push(...(result.facts ?? []));
      for (const comparison of result.comparisons)
        console.log(
          `  ${ratioOf(comparison).ratio.toFixed(2)}  ${comparison.work}, against ${comparison.against}${comparison.note === undefined ? "" : ` (${comparison.note})`}`,
        );
      console.log(`  took ${duration(performance.now() - started)}`);
      // A run that is stopped leaves what it had.
      await writeAtomically(
        `${stem}.json`,
        `${JSON.stringify({ date, machine, versions, seed, rounds, whole: values.whole, source, loadPerCoreBefore: loadBefore, loadPerCoreAfter: loadPerCore(), failures, facts, comparisons: comparisons.map((comparison) => ({ ...comparison, ...named(ratioOf(comparison)) })) }, undefined, 2)}\n`,
      );
    }
  } finally {
    await remove();
  }
  if (comparisons.length > 0) {
    const took = `It took ${duration(Date.now() - date.getTime())}; load average a core ${loadBefore.toFixed(2)} before, ${loadPerCore().toFixed(2)} at the end.`;
    console.log(`\n${tableLines(comparisons).join("\n")}\n`);
    for (const { what, value, held } of facts)
      console.log(`${what}: ${value}${held === undefined ? "" : held ? ", held" : ", NOT HELD"}`);
    console.log(took);
    const markdown = markdownReport(comparisons, { facts, preface: [...preface, took] });
    await writeAtomically(`${stem}.md`, markdown);
    const { svg, png } = await pictures(ratioFigure(comparisons));
    await writeAtomically(`${stem}.svg`, svg);
    await writeAtomically(`${stem}.png`, png);
    if (values.write && failures.length === 0)
      await writeResults({
        path: join(projectRoot(), "test", "bench", "RESULTS.md"),
        command: "npm run bench",
        text: markdown,
      });
    console.log(`The report is ${stem.slice(projectRoot().length + 1)}.json, .md, .svg, .png`);
  }
  if (failures.length > 0) console.log(styled(terminal, "red", `Ended by an error: ${failures.join(", ")}`));
  return failures.length === 0 ? 0 : 1;
}

function named({ ours, theirs, ratio, lowest, highest }: ReturnType<typeof ratioOf>): object {
  return { here: ours, there: theirs, ratio, lowest, highest };
}

async function chosenLines(words: readonly string[]): Promise<{ name: string; line: BenchLine }[]> {
  const names = (await readdir(join(projectRoot(), "test", "bench", "lines"))).flatMap((file) =>
    file.endsWith(".ts") ? [file.slice(0, -".ts".length)] : [],
  );
  const chosen = names.filter((name) => words.length === 0 || words.some((word) => name.includes(word)));
  if (chosen.length === 0)
    throw new Error(`No line has ${words.join(" or ")} in its name; there are ${names.join(", ")}.`);
  const lines = await Promise.all(
    chosen.map(async (name) => ({
      name,
      line: ((await import(join(__dirname, "lines", `${name}.js`))) as { line: BenchLine }).line,
    })),
  );
  return lines.sort((a, b) => a.line.order - b.line.order);
}

async function readVersions(python: string): Promise<Record<string, string | number>> {
  const sides = [Side.ours("tslora", "sides/training"), Side.python("torch", "sides/training", { python })];
  return withSides(
    sides,
    async () =>
      Object.assign({}, ...(await Promise.all(sides.map((side) => side.ask({ do: "versions" }))))) as Record<
        string,
        string | number
      >,
  );
}

async function runLine(
  name: string,
  line: BenchLine,
  { parent, ...options }: Omit<BenchContext, "folder" | "models" | "note"> & { parent: string },
): Promise<LineResult> {
  const [folder, models] = [join(parent, name), join(parent, "models")];
  await mkdir(folder, { recursive: true });
  await mkdir(models, { recursive: true });
  try {
    return await line.run({ ...options, folder, models, note: (text) => console.log(`  ${text}`) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
