import assert from "node:assert/strict";
import { test } from "node:test";

import { injectParameters, type ParameterInput } from "../../src/notebook/parameters/inject-parameters";
import type { Notebook } from "../../src/notebook/format/notebook-types";
import { readParameters } from "../../src/notebook/parameters/read-parameters";
import { notebookOf } from "./notebooks";

const CELL = `// How to train
type Method = "lora" | "full";
const model: string = "auto"; // folder or name
const data: "auto" | (string & {}) = "auto";
const method: Method = "lora"; // lora or full
const seed = 42; // any whole number
let learningRate: number = 2e-5, epochs: number | null = null;
/* modules to adapt */
const targetModules: string | readonly string[] = "auto";
const options: { r: number; bias?: boolean } = { r: 8 };
const offline = process.env.OFFLINE ?? false;`;
const notebook = notebookOf(["1", [CELL, "parameters"], "console.log(seed)"]);

function injected(values: ParameterInput, source: Notebook = notebook): string[] {
  const { cells } = injectParameters(source, { values, language: "typescript", path: "x" });
  return cells
    .filter((cell) => cell.metadata.tags?.includes("injected-parameters"))
    .flatMap((cell) => cell.source.split("\n").slice(1));
}

test("a TypeScript cell's parameters are listed with types, defaults and comments", () => {
  const listed = readParameters(notebook).map(({ name, type, default: value, comment }) => [
    name,
    type,
    value,
    comment,
  ]);
  assert.deepEqual(listed, [
    ["model", "string", '"auto"', "folder or name"],
    ["data", '"auto" | (string & {})', '"auto"', ""],
    ["method", "Method", '"lora"', "lora or full"],
    ["seed", "number", "42", "any whole number"],
    ["learningRate", "number", "2e-5", ""],
    ["epochs", "number | null", "null", ""],
    ["targetModules", "string | readonly string[]", '"auto"', "modules to adapt"],
    ["options", "{ r: number; bias?: boolean }", "{ r: 8 }", ""],
    ["offline", "boolean", "process.env.OFFLINE ?? false", ""],
  ]);
});

test("strings are parsed by the declared type and written as its literals", () => {
  assert.deepEqual(
    injected({
      model: "42",
      method: "full",
      seed: "7",
      learningRate: "1e-4",
      epochs: "null",
      targetModules: '["q", "v"]',
      options: '{"r": 4}',
      offline: "true",
    }),
    [
      'const model: string = "42";',
      'const method: Method = "full";',
      "const seed = 7;",
      "let learningRate: number = 0.0001;",
      "let epochs: number | null = null;",
      'const targetModules: string | readonly string[] = ["q", "v"];',
      'const options: { r: number; bias?: boolean } = {"r": 4};',
      "const offline = true;",
    ],
  );
  assert.deepEqual(injected({ data: "../a b.zip", targetModules: "q_.*", model: 'a"b\n' }), [
    'const data: "auto" | (string & {}) = "../a b.zip";',
    'const targetModules: string | readonly string[] = "q_.*";',
    'const model: string = "a\\"b\\n";',
  ]);
});

test("unknown names and values that do not fit are all reported at once", () => {
  const bad = {
    sede: "1",
    method: "qlora",
    seed: "many",
    learningRate: "fast",
    options: '{"r": 1, "alpha": 2}',
    offline: "maybe",
  };
  assert.throws(
    () => injected(bad),
    (error: Error) => {
      for (const part of [
        /no parameter "sede"; the notebook has model, data/,
        /method must be Method; got "qlora"/,
        /seed must be number; got "many"/,
        /learningRate .* got "fast"/,
        /options must be/,
        /offline must be boolean/,
      ])
        assert.match(error.message, part);
      return true;
    },
  );
});

test("the injected cell follows the parameters cell and is replaced, id kept, on a second run", () => {
  const once = injectParameters(notebook, { values: { seed: 1 }, language: "typescript", path: "x" });
  assert.deepEqual(
    once.cells.map(({ id }) => id),
    ["cell-1", "cell-2", "injected-parameters", "cell-3"],
  );
  const twice = injectParameters(once, { values: { seed: 2 }, language: "typescript", path: "x" });
  assert.deepEqual(
    twice.cells.map(({ id }) => id),
    once.cells.map(({ id }) => id),
  );
  assert.deepEqual(injected({ seed: 2 }, once), ["const seed = 2;"]);
  assert.equal(notebook.cells.length, 3, "the argument is unchanged");
  assert.equal(injectParameters(notebook, { values: {}, language: "typescript", path: "x" }), notebook);
});

test("parameters for a notebook without such a cell, or with two, are refused", () => {
  assert.throws(() => injected({ a: 1 }, notebookOf(["1"])), /no cell tagged "parameters"/);
  assert.throws(
    () =>
      injected(
        { a: 1 },
        notebookOf([
          ["1", "parameters"],
          ["2", "parameters"],
        ]),
      ),
    /at most one cell tagged "parameters"; it has 2/,
  );
});

test("Python cells get Python literals", () => {
  const python = notebookOf(
    [
      [
        'name: str = "a"  # who\nrate = 1e-3\nflag = False\nlabels: list[str] = ["#x"]  # hash\nmode: Literal["a", "b"] = "a"\nn: int = 1\nlimit: Optional[int] = None',
        "parameters",
      ],
    ],
    "python3",
  );
  assert.deepEqual(
    readParameters(python).map(({ name, comment }) => [name, comment]),
    [
      ["name", "who"],
      ["rate", ""],
      ["flag", ""],
      ["labels", "hash"],
      ["mode", ""],
      ["n", ""],
      ["limit", ""],
    ],
  );
  const cells = injectParameters(python, {
    values: { name: "b", rate: "2", flag: "true", labels: '["x"]', mode: "b", limit: "null" },
    language: "python",
    path: "x",
  }).cells;
  assert.equal(
    cells[1].source,
    '# Parameters\nname: str = "b"\nrate = 2\nflag = True\nlabels: list[str] = ["x"]\nmode: Literal["a", "b"] = "b"\nlimit: Optional[int] = None',
  );
  assert.throws(
    () => injectParameters(python, { values: { n: 1.5, mode: "c" }, language: "python", path: "x" }),
    /n must be int; got 1.5[\s\S]*mode/,
  );
});

test("Python defaults over several lines, type comments and nested hints are read", () => {
  const cell =
    'layers = [\n    1,  # first\n    2,\n]\nrate = 0.1  # type: float how fast\ntotal = 1 + \\\n    2\nnames: Dict[str, List[int]] = {}\neither: Union[str, Optional[int]] = "a"\nmode: "Literal[\'a,b\', \'c\']" = "c"\nplain: "str" = "x"';
  const python = notebookOf([[cell, "parameters"]], "python3");
  assert.deepEqual(
    readParameters(python).map(({ name, type, default: value, comment }) => [name, type, value, comment]),
    [
      ["layers", "array", "[ 1, 2, ]", ""],
      ["rate", "float", "0.1", "how fast"],
      ["total", "any", "1 + 2", ""],
      ["names", "Dict[str, List[int]]", "{}", ""],
      ["either", "Union[str, Optional[int]]", '"a"', ""],
      ["mode", "\"Literal['a,b', 'c']\"", '"c"', ""],
      ["plain", '"str"', '"x"', ""],
    ],
  );
  const inject = (values: ParameterInput, raw: string[] = []): string =>
    injectParameters(python, { values, raw, language: "python", path: "x" })
      .cells[1].source.split("\n")
      .slice(1)
      .join("\n");
  assert.equal(
    inject({ layers: "[3]", rate: "2", either: "null", mode: "a,b", names: { x: [1] } }),
    'layers = [3]\nrate = 2.0\neither: Union[str, Optional[int]] = None\nmode: "Literal[\'a,b\', \'c\']" = "a,b"\nnames: Dict[str, List[int]] = {"x": [1]}',
  );
  assert.equal(
    inject({ plain: "007", either: "12" }, ["plain", "either"]),
    'plain: "str" = "007"\neither: Union[str, Optional[int]] = "12"',
  );
  assert.throws(
    () => inject({ names: { x: ["a"] }, rate: "fast" }),
    /names must be[\s\S]*rate must be float; got "fast"/,
  );
});

test("Python cells with Windows line ends, and with texts in triple quotes, have all their parameters", () => {
  const lines = [
    "seed = 1  # any",
    'prompt = """Is it sad :( or',
    "other = 2  # not a parameter",
    '(don\'t guess)?"""  # asked',
    "layers: list[int] = [",
    "    1,  # it's (the first",
    "]",
    "query = '''select \\''' from ('''",
    "last = True",
  ];
  for (const end of ["\n", "\r\n", "\r"]) {
    const python = notebookOf([[lines.join(end), "parameters"]], "python3");
    assert.deepEqual(
      readParameters(python).map(({ name, type, default: value, comment }) => [name, type, value, comment]),
      [
        ["seed", "number", "1", "any"],
        ["prompt", "string", '"""Is it sad :( or\\nother = 2  # not a parameter\\n(don\'t guess)?"""', "asked"],
        ["layers", "list[int]", "[ 1, ]", ""],
        ["query", "string", "'''select \\''' from ('''", ""],
        ["last", "boolean", "True", ""],
      ],
    );
  }
});
