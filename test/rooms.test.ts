import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { test } from "node:test";
import ts from "typescript";

import { projectRoot } from "../src/base/project-root";

const SRC = join(projectRoot(), "src");

/** A file of src and those that it imports, without their endings. */
interface Source {
  readonly name: string;
  readonly imports: readonly string[];
}

function sources(): Source[] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
    .map((path) => path.replaceAll("\\", "/"));
  const names = new Set(files.map((path) => path.slice(0, -".ts".length)));
  return files.map((path) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(SRC, path), "utf8"), true, true);
    const imports = importedFiles
      .filter(({ fileName }) => fileName.startsWith("."))
      .map(({ fileName }) => normalize(join(dirname(path), fileName)).replace(/\.js$/, ""))
      .map((name) => (names.has(name) ? name : `${name}/index`))
      .filter((name) => names.has(name));
    return { name: path.slice(0, -".ts".length), imports };
  });
}

/** The rooms and those that they may import, from the table of src/README.md, in its order. */
function table(): Map<string, readonly string[]> {
  const lines = readFileSync(join(SRC, "README.md"), "utf8").split("\n");
  const rows = lines.map((line) => /^\| `([\w-]+)\/` *\|[^|]*\|([^|]*)\|/.exec(line)).filter((match) => match !== null);
  return new Map(rows.map(([, room, uses]) => [room, [...uses.matchAll(/`([\w-]+)\/`/g)].map(([, used]) => used)]));
}

const roomOf = (name: string): string => name.split("/")[0];

test("src/README.md lists every room, and each imports only rooms below it", () => {
  const rooms = table();
  const order = [...rooms.keys()];
  const found = readdirSync(SRC, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "setup") // set-up has Node's built-ins alone
    .map(({ name }) => name);
  assert.deepEqual([...order].sort(), found.sort());
  for (const [room, uses] of rooms)
    for (const used of uses) assert.ok(order.indexOf(used) > order.indexOf(room), `${room}/ is below ${used}/`);
});

test("imports between rooms are those of the table in src/README.md", () => {
  const rooms = table();
  const actual = new Map([...rooms.keys()].map((room): [string, Set<string>] => [room, new Set()]));
  for (const { name, imports } of sources().filter(({ name }) => name.includes("/")))
    for (const imported of imports) {
      const [from, to] = [roomOf(name), roomOf(imported)];
      if (from === to) continue;
      assert.ok(rooms.get(from)?.includes(to), `src/${name}.ts imports ${imported}: ${from}/ may not use ${to}/`);
      actual.get(from)?.add(to);
    }
  for (const [room, uses] of rooms)
    assert.deepEqual([...uses].sort(), [...(actual.get(room) ?? [])].sort(), `${room}/ in src/README.md`);
});

test("no file imports itself through other files", () => {
  const graph = new Map(sources().map(({ name, imports }) => [name, imports]));
  const state = new Map<string, "open" | "done">();
  const visit = (name: string, path: readonly string[]): void => {
    const here = [...path, name];
    assert.notEqual(state.get(name), "open", `circle: ${here.slice(here.indexOf(name)).join(" -> ")}`);
    if (state.get(name) === "done") return;
    state.set(name, "open");
    for (const next of graph.get(name) ?? []) visit(next, here);
    state.set(name, "done");
  };
  for (const name of graph.keys()) visit(name, []);
});

/** The compiled package, in a clone and in the tarball. */
const COMPILED = /\.tslora\/|^(\.\.\/)+dist\//;

test("set-up imports nothing but Node's built-ins and itself", () => {
  const folder = join(SRC, "setup");
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!/\.[mc]js$/.test(path) || path.startsWith(join("package", "stubs"))) continue; // stubs run in the package
    const { importedFiles } = ts.preProcessFile(readFileSync(join(folder, path), "utf8"), true, true);
    for (const { fileName } of importedFiles) {
      const inside =
        fileName.startsWith(".") && !relative(folder, join(folder, dirname(path), fileName)).startsWith("..");
      assert.ok(inside || fileName.startsWith("node:") || COMPILED.test(fileName), `src/setup/${path}: ${fileName}`);
    }
  }
});
