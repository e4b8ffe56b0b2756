import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { median } from "../../src/base/median";
import { projectRoot } from "../../src/base/project-root";
import { duration } from "../../src/cli/terminal/terminal";
import { referencePythonPath } from "../parity/reference-python";
import { writeResults } from "../write-results";
import { describeMachine, loadPerCore, machineSentence } from "./machine";
import { makeModelFolder } from "./model-folders";
import { HELP, OPTIONS } from "./serving-options.cjs";
import { drive, type LoadResult } from "./serving/load";
import { startOurs, startPython, writeAdapters, type MeasuredServer, type ServedFolders } from "./serving/servers";
import { soak } from "./serving/soak";
import { loadStudyData } from "./study-data";

/** Least ratios at 64 clients, and of many adapters. */
const AT_LEAST = { python: 2, adapters: 0.8 } as const;
const WARM_UP = 5000; // milliseconds

/** One server under one number of clients, over the rounds. */
interface Line {
  readonly server: string;
  readonly clients: number;
  readonly rounds: readonly LoadResult[];
}

/** The measurements' settings. */
interface Settings {
  readonly duration: number;
  readonly rounds: number;
  readonly clients: readonly number[];
  readonly texts: readonly string[];
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [seconds, rounds, count] = [values.seconds, values.rounds, values.adapters].map(Number);
  const clients = values.clients.map(Number);
  const minutes = values.soak === undefined ? undefined : Number(values.soak);
  if (![seconds, rounds, count, ...clients, minutes ?? 1].every((value) => value > 0)) throw new RangeError(HELP);
  const date = new Date();
  const data = await loadStudyData();
  const machine = machineSentence(describeMachine());
  console.log(`Machine: ${machine}; load average a core ${loadPerCore().toFixed(2)}; texts: ${data.source}`);
  const parent = await mkdtemp(join(tmpdir(), "tslora-bench-serve-"));
  try {
    const model = await makeModelFolder({ size: "minilm", parent });
    const served = await writeAdapters(model, { count, folder: join(parent, "adapters") });
    const { texts } = data.all;
    if (minutes !== undefined) return await soak(served, { minutes, texts, machine, date });
    const settings = { duration: 1000 * seconds, rounds, clients, texts };
    const lines = await against(served, settings);
    const shared = await manyAdapters(served, settings);
    const report = reportOf({ lines, shared, machine, source: data.source, date, settings });
    console.log(`\n${report}\nIt took ${duration(Date.now() - date.getTime())}.`);
    await writeAtomically(
      join(projectRoot(), "output", "bench", "serve.json"),
      `${JSON.stringify({ date, machine, source: data.source, lines, shared }, undefined, 2)}\n`,
    );
    if (values.write)
      await writeResults({
        path: join(projectRoot(), "test", "bench", "RESULTS.md"),
        command: "npm run bench:serve",
        text: report,
      });
    return 0;
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

/** Ours in both precisions and the two in Python, in turn, for each number of clients. */
async function against(served: ServedFolders, settings: Settings): Promise<Line[]> {
  const python = referencePythonPath();
  if (!existsSync(python)) throw new Error(`There is no Python at ${python}. Run npm run setup -- reference.`);
  const one = { ...served, adapters: { a0: served.adapters.a0 } };
  const servers: MeasuredServer[] = [];
  try {
    for (const precision of ["float32", "int8"] as const) servers.push(await startOurs(one, { precision }));
    for (const kind of ["single", "batched"] as const) servers.push(await startPython(one, { python, kind }));
    const lines: Line[] = [];
    for (const clients of settings.clients) {
      const results = await inTurn(
        servers.map((server) => ({ ...server, adapter: () => (isOurs(server.name) ? "a0" : undefined) })),
        { ...settings, clients },
      );
      servers.forEach(({ name }, i) => lines.push({ server: name, clients, rounds: results[i] }));
    }
    return lines;
  } finally {
    await Promise.all(servers.map((server) => server.close()));
  }
}

/** One server with all adapters: all clients with one of them, and each request with the next one. */
async function manyAdapters(served: ServedFolders, settings: Settings): Promise<Line[]> {
  const server = await startOurs(served);
  const names = Object.keys(served.adapters);
  const clients = Math.max(...settings.clients);
  const kinds = [
    { name: `${names.length} adapters, one of them used`, adapter: () => names[0] },
    { name: `${names.length} adapters, all of them used`, adapter: (i: number) => names[i % names.length] },
  ];
  try {
    const results = await inTurn(
      kinds.map((kind) => ({ ...kind, url: server.url })),
      { ...settings, clients },
    );
    return kinds.map(({ name }, i) => ({ server: name, clients, rounds: results[i] }));
  } finally {
    await server.close();
  }
}

/** Drives each target in each round, after a warm-up of each. */
async function inTurn(
  targets: readonly { name: string; url: string; adapter: (index: number) => string | undefined }[],
  { clients, duration: length, rounds, texts }: Omit<Settings, "clients"> & { clients: number },
): Promise<LoadResult[][]> {
  const results: LoadResult[][] = targets.map(() => []);
  for (let round = -1; round < rounds; round++)
    for (const [i, { name, url, adapter }] of targets.entries()) {
      const result = await drive({
        ...{ url, clients },
        duration: round < 0 ? Math.min(WARM_UP, length) : length,
        first: 1000 * (round + 1),
        body: (index) => ({ inputs: texts[index % texts.length], truncate: true, adapter: adapter(index) }),
      });
      const faults = Object.entries(result.unexpected);
      if (faults.length > 0)
        throw new Error(`${name}: ${faults.map(([fault, n]) => `${n} times ${fault}`).join(", ")}`);
      if (round < 0) continue;
      results[i].push(result);
      console.log(
        `  ${name}, ${clients} clients, round ${round + 1}: ${result.textsPerSecond.toFixed(2)} texts/s, p50 ${result.p50.toFixed(0)} ms`,
      );
    }
  return results;
}

function reportOf(of: {
  lines: readonly Line[];
  shared: readonly Line[];
  machine: string;
  source: string;
  date: Date;
  settings: Settings;
}): string {
  const { lines, shared, machine, source, date, settings } = of;
  const rows = [...lines, ...shared].map(({ server, clients, rounds }) => {
    const of = (key: "textsPerSecond" | "p50" | "p95" | "p99"): number => median(rounds.map((round) => round[key]));
    const compared = [...lines, ...shared].filter((line) => line.clients === clients && isReference(line, server));
    const [ratio = "", int8 = ""] = compared.map((line) => ratioOf(line, rounds));
    return `| ${server} | ${clients} | ${of("textsPerSecond").toFixed(2)} | ${of("p50").toFixed(0)} | ${of("p95").toFixed(0)} | ${of("p99").toFixed(0)} | ${ratio} | ${int8} |`;
  });
  return [
    `\`npm run bench:serve\` on ${date.toISOString().slice(0, 16).replace("T", " ")} UTC: ${machine}. MiniLM with an adapter of r 8 on query and value, ${source}, each text a request; ${settings.rounds} rounds of ${settings.duration / 1000} s for each line, in turn; medians of the rounds. "Ours over it" and "int8 over it": texts a second of tslora serve over those of the line, with the lowest and highest round; of the last line, its own over those of the line above. At least ${AT_LEAST.python} is asked for at 64 clients, and ${AT_LEAST.adapters} of the last line.`,
    "",
    "| server | clients | texts/s | p50, ms | p95, ms | p99, ms | ours over it | int8 over it |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function isOurs(server: string): boolean {
  return server.startsWith("tslora serve");
}

/** Whether a line is one that `server` is compared with. */
function isReference({ server: other }: Line, server: string): boolean {
  if (server.startsWith("FastAPI")) return isOurs(other);
  return server.endsWith("all of them used") && other.endsWith("one of them used");
}

function ratioOf(reference: Line, rounds: readonly LoadResult[]): string {
  const isShared = reference.server.endsWith("used");
  const ratios = rounds.map(({ textsPerSecond }, i) => {
    const ratio = reference.rounds[i].textsPerSecond / textsPerSecond;
    return isShared ? 1 / ratio : ratio;
  });
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`;
}

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof RangeError ? error.message : error);
    process.exit(error instanceof RangeError ? 2 : 1);
  },
);
