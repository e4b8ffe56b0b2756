import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { projectRoot } from "../../src/base/project-root";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { processTerminal, styled, table } from "../../src/cli/terminal/terminal";
import { parseNotebook } from "../../src/notebook/format/parse-notebook";
import type { Notebook } from "../../src/notebook/format/notebook-types";
import { runNotebook } from "../../src/notebook/run/run-notebook";
import { serializeNotebook } from "../../src/notebook/format/serialize-notebook";
import { CASES, EVERYWHERE, ORIGINALS, type ConformanceCase, type Original } from "./cases";
import { normalise, placesOfDifference, type Normalised } from "./normalise";
import { compareParameters } from "./parameters";
import { HELP, OPTIONS } from "./run-options.cjs";

const FOLDER = join(projectRoot(), "test", "conformance");

/** Result of a runner. */
interface Left {
  readonly status: string;
  readonly notebook: Normalised | undefined;
}

interface Line {
  readonly name: string;
  readonly title: string;
  readonly against: Original;
  readonly verdict: "equal" | "meant" | "differs" | "no longer differs";
  readonly places: readonly string[];
  readonly reason?: string;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const python = process.env.TSLORA_JUPYTER_PYTHON ?? join(projectRoot(), ".tslora", "conformance", "bin", "python");
  if (!existsSync(python)) throw new Error(`${python} is not there; npm run test:conformance makes it.`);
  const names = (await readdir(join(FOLDER, "notebooks")))
    .filter((name) => name.endsWith(".ipynb"))
    .map((name) => name.slice(0, -".ipynb".length))
    .sort();
  const unknown = CASES.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  if (unknown.length > 0) throw new Error(`cases.ts names ${unknown.join(", ")}, which is no notebook of notebooks/.`);
  const chosen = names.filter((name) => values.only.length === 0 || values.only.some((word) => name.includes(word)));
  if (chosen.length === 0)
    throw new Error(`No notebook has ${values.only.join(" or ")} in its name; there are ${names.join(", ")}.`);
  const cases = chosen.map((name): ConformanceCase => CASES.find((each) => each.name === name) ?? { name });

  const folder = await mkdtemp(join(tmpdir(), "tslora-conformance-"));
  try {
    process.env.JUPYTER_PATH = await installKernels(folder, python); // for all three
    const theirs = await runOriginals(cases, { folder, python });
    const lines: Line[] = [];
    for (const each of cases) {
      const [ours, title] = await runOurs(each);
      for (const against of each.against ?? ORIGINALS) {
        const line = compare(each, { title, against, ours, theirs: theirs.get(`${against} ${each.name}`) });
        lines.push(line);
        if (values.show && (line.verdict === "differs" || line.verdict === "no longer differs"))
          show(line, ours, theirs.get(`${against} ${each.name}`));
      }
    }
    const wrong = values.only.length === 0 ? await compareParameters({ folder, python }) : 0;
    return Math.max(await report(lines), wrong === 0 ? 0 : 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Kernelspecs of the same Python and of this clone's tslab, as it is, for the originals. */
async function installKernels(folder: string, python: string): Promise<string> {
  const specs = {
    python3: {
      argv: [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
      display_name: "Python 3",
      language: "python",
    },
    tslab: {
      argv: [
        process.execPath,
        join(projectRoot(), "node_modules", "tslab", "bin", "tslab"),
        "kernel",
        "--config-path={connection_file}",
      ],
      display_name: "TypeScript",
      language: "typescript",
    },
  };
  for (const [name, spec] of Object.entries(specs)) {
    await mkdir(join(folder, "jupyter", "kernels", name), { recursive: true });
    await writeFile(join(folder, "jupyter", "kernels", name, "kernel.json"), JSON.stringify(spec));
  }
  return join(folder, "jupyter");
}

async function runOriginals(
  cases: readonly ConformanceCase[],
  options: { folder: string; python: string },
): Promise<Map<string, Left>> {
  // At once: each waits most of the time for kernels.
  const of = await Promise.all(ORIGINALS.map((runner) => runOriginal(runner, cases, options)));
  return new Map(of.flat());
}

async function runOriginal(
  runner: Original,
  cases: readonly ConformanceCase[],
  { folder, python }: { folder: string; python: string },
): Promise<[key: string, left: Left][]> {
  const [given, taken] = [join(folder, `${runner}-cases.json`), join(folder, `${runner}-results.json`)];
  const runs = cases.flatMap(({ name, parameters = {}, timeout, allowErrors = false, against = ORIGINALS }) =>
    against.includes(runner) ? [{ runner, name, path: notebookPath(name), parameters, timeout, allowErrors }] : [],
  );
  await writeFile(given, JSON.stringify(runs));
  let printed = ""; // kernels warn there
  const code = await new Promise((resolve, reject) => {
    const child = spawn(python, [join(FOLDER, "originals.py"), given, taken], {
      stdio: ["ignore", "inherit", "pipe"],
      cwd: folder,
      env: { ...process.env, PYDEVD_DISABLE_FILE_VALIDATION: "1" },
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (printed = (printed + text).slice(-4000)));
    child.once("error", reject).once("close", resolve);
  });
  if (code !== 0) throw new Error(`originals.py ended with ${String(code)}:\n${printed}`);
  const results = JSON.parse(await readFile(taken, "utf8")) as { status: string; notebook: unknown }[];
  return results.map(({ status, notebook }, at): [string, Left] => {
    const { name } = runs[at];
    const parsed = notebook === null ? undefined : parseNotebook(JSON.stringify(notebook), `${runner}'s ${name}`);
    return [`${runner} ${name}`, { status, notebook: parsed === undefined ? undefined : normalise(parsed) }];
  });
}

async function runOurs({
  name,
  parameters,
  timeout,
  allowErrors,
}: ConformanceCase): Promise<[left: Left, title: string]> {
  console.log("tslora", name);
  let executed: Notebook | undefined;
  let status = "";
  for await (const event of runNotebook(notebookPath(name), {
    parameters,
    cellTimeoutMs: timeout === undefined ? undefined : timeout * 1000,
    onError: allowErrors === true ? "continue" : "stop",
  })) {
    if (event.event !== "end") continue;
    ({ status } = event.summary);
    executed = parseNotebook(serializeNotebook(event.summary.notebook, name), name); // as it is saved
  }
  const title =
    executed?.cells
      .find(({ id, cell_type: type }) => type !== "code" && id !== "tslora-error-top")
      ?.source.replace(/^#+ /, "") ?? name;
  return [{ status, notebook: executed === undefined ? undefined : normalise(executed) }, title];
}

function notebookPath(name: string): string {
  return join(FOLDER, "notebooks", `${name}.ipynb`);
}

function compare(
  { name, differs, allowErrors = false }: ConformanceCase,
  { title, against, ours, theirs }: { title: string; against: Original; ours: Left; theirs: Left | undefined },
): Line {
  // with errors allowed, nbclient reports ok, and tslora reports that there were errors
  const sameStatus = ours.status === theirs?.status || (allowErrors && ours.status === "error");
  const found = [
    ...(sameStatus ? [] : [`status: ${ours.status}, theirs ${theirs?.status ?? "none"}`]),
    ...(ours.notebook === undefined || theirs?.notebook === undefined
      ? ["no notebook"]
      : placesOfDifference(ours.notebook, theirs.notebook)),
  ];
  const places = found.filter(
    (each) =>
      !EVERYWHERE.some((rule) => rule.against.includes(against) && rule.notebooks.test(name) && rule.place.test(each)),
  );
  const meant = differs?.[against];
  if (meant === undefined) return { name, title, against, places, verdict: places.length === 0 ? "equal" : "differs" };
  const asMeant =
    meant.places === "some" || JSON.stringify([...places].sort()) === JSON.stringify([...meant.places].sort());
  return {
    name,
    title,
    against,
    places,
    reason: meant.reason,
    verdict:
      places.length === 0 && meant.places === "some"
        ? "equal"
        : asMeant
          ? "meant"
          : places.length === 0
            ? "no longer differs"
            : "differs",
  };
}

function show({ name, against, places }: Line, ours: Left, theirs: Left | undefined): void {
  console.log(`\n${name}, ${against}: ${places.join("; ")}`);
  for (const place of places) {
    const [where, key] = place.split(", ");
    const cell = Number(/^cell (\d+)$/.exec(where)?.[1]);
    const part = (left: Left | undefined): unknown =>
      cell > 0
        ? left?.notebook?.cells[cell - 1][key]
        : where === "metadata"
          ? left?.notebook?.metadata[key]
          : left?.status;
    const [mine, other] = [ours, theirs].map((left) => JSON.stringify(part(left)) ?? "undefined");
    let from = 0;
    while (from < mine.length && mine[from] === other[from]) from++; // long outputs differ somewhere
    const cut = (text: string): string => (from < 200 ? text : `…${text.slice(from - 100)}`).slice(0, 600);
    console.log(`  ${place}\n    ours:   ${cut(mine)}\n    theirs: ${cut(other)}`);
  }
}

async function report(lines: readonly Line[]): Promise<number> {
  const terminal = processTerminal();
  const rows = lines.map(({ name, title, against, verdict, places, reason }, at) => [
    at > 0 && lines[at - 1].name === name ? "" : name,
    at > 0 && lines[at - 1].name === name ? "" : title.slice(0, 60),
    against,
    verdict,
    verdict === "meant" ? (reason ?? "") : verdict === "equal" ? "" : places.join("; "),
  ]);
  console.log(`\n${table([["notebook", "what", "against", "is", "how it differs"], ...rows], { left: 5 }).join("\n")}`);
  const count = (verdict: Line["verdict"]): number => lines.filter((line) => line.verdict === verdict).length;
  const wrong = count("differs") + count("no longer differs");
  await writeAtomically(
    join(projectRoot(), "output", "conformance.json"),
    `${JSON.stringify({ node: process.version, lines }, undefined, 2)}\n`,
  );
  for (const { against, notebooks, place, reason } of EVERYWHERE)
    console.log(`not counted, ${against.join(" and ")}, ${notebooks.source}, ${place.source}: ${reason}`);
  console.log(
    styled(
      terminal,
      wrong === 0 ? "green" : "red",
      `\n${count("equal")} equal, ${count("meant")} differ as listed, ${wrong} wrong; the report is output/conformance.json`,
    ),
  );
  return wrong === 0 ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  },
);
