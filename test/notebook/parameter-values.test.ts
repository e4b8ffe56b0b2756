import assert from "node:assert/strict";
import { test } from "node:test";

import { gatherParameters } from "../../src/cli/command-options";
import { injectParameters } from "../../src/notebook/parameters/inject-parameters";
import { readParameters } from "../../src/notebook/parameters/read-parameters";
import { notebookOf } from "./notebooks";

/** The line that a value of one parameter becomes, in Python or TypeScript; for a refused one the message. */
function line(language: "python" | "typescript", declared: string, value: unknown, raw = false): string {
  const source = notebookOf([[declared, "parameters"]], language === "python" ? "python3" : "tslab");
  const [{ name }] = readParameters(source);
  try {
    const { cells } = injectParameters(source, {
      values: { [name]: value },
      raw: raw ? [name] : [],
      language,
      path: "x",
    });
    return cells[1].source.split("\n").slice(1).join("\n");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test("an int of any size is exact in Python, from texts, bigints, YAML and JSON", async () => {
  const big = "12345678901234567890123";
  for (const text of ["1234567890123456789", "-9007199254740993", big]) {
    assert.equal(line("python", "x = 1", text), `x = ${text}`);
    assert.equal(line("python", "x: int = 1", BigInt(text)), `x: int = ${text}`);
    const { parameters } = await gatherParameters({ yaml: [`x: ${text}\ny: [${text}, {a: ${text}}]`] });
    assert.equal(line("python", "x: int | None = 1", parameters.x), `x: int | None = ${text}`);
    assert.equal(line("python", "y = []", parameters.y), `y = [${text}, {"a": ${text}}]`);
    assert.equal(line("python", "y: list[int] = []", `[${text}]`), `y: list[int] = [${text}]`);
  }
  // Python reads no longer decimal, and any hexadecimal
  const long = `1${"0".repeat(5000)}`;
  const hex = /^x = (0x[\da-f]+)$/.exec(line("python", "x = 1", long))?.[1] ?? "0";
  assert.equal(BigInt(hex), BigInt(long));
});

test("a float stays a float in Python, and an int for a float becomes one where that is exact", () => {
  const floats = {
    "2.0": "2.0",
    "2": "2.0",
    "1e5": "100000.0",
    "1e16": "1e+16",
    "1e-5": "1e-05",
    "0.1": "0.1",
    "-0.0": "-0.0",
    "1e22": "1e+22",
    "123456789.125": "123456789.125",
    nan: "float('nan')",
    "-inf": "float('-inf')",
    "9007199254740993": "9007199254740993",
  };
  for (const [text, literal] of Object.entries(floats))
    assert.equal(line("python", "rate: float = 0.1", text), `rate: float = ${literal}`, text);
  assert.equal(line("python", "rate = 0.1", "2.0"), "rate = 2.0");
  assert.equal(line("python", "rate = 0.1", "2"), "rate = 2", "as papermill");
  assert.equal(line("python", "rate = 0.1", 2), "rate = 2.0", "a number of JavaScript says no more than its value");
  assert.equal(line("python", "n: int | float = 1", "2"), "n: int | float = 2");
  assert.equal(line("python", "n: float | int = 1", "2.0"), "n: float | int = 2.0");
  assert.equal(line("python", "n: dict[str, float] = {}", '{"a": 1}'), 'n: dict[str, float] = {"a": 1.0}');
});

test("None, null, true and false are read in both languages, in Python's and JSON's spelling", () => {
  for (const word of ["None", "null"]) {
    assert.equal(line("python", "limit = None", word), "limit = None");
    assert.equal(line("python", "limit: Optional[int] = 5", word), "limit: Optional[int] = None");
    assert.equal(line("typescript", "const limit: number | null = 5;", word), "const limit: number | null = null;");
  }
  assert.equal(line("python", 'name = "a"', "None"), "name = None", "as papermill");
  assert.equal(line("python", 'name: str = "a"', "None"), 'name: str = "None"');
  assert.equal(line("python", 'name = "a"', "null"), 'name = "null"', "as papermill");
  for (const [word, value] of [
    ["True", true],
    ["true", true],
    ["False", false],
    ["false", false],
  ] as const) {
    assert.equal(line("python", "debug = False", word), `debug = ${value ? "True" : "False"}`);
    assert.equal(line("python", "debug: bool = False", word), `debug: bool = ${value ? "True" : "False"}`);
    assert.equal(line("typescript", "const debug = false;", word), `const debug = ${value};`);
  }
  assert.match(line("python", "debug: bool = False", "yes"), /debug must be bool; got "yes"/);
});

test("an int is exact in TypeScript, or refused", () => {
  assert.equal(
    line("typescript", "const id: bigint = 1n;", "1234567890123456789"),
    "const id: bigint = 1234567890123456789n;",
  );
  assert.equal(line("typescript", "const id = 1n;", "9007199254740993n"), "const id = 9007199254740993n;");
  assert.equal(line("typescript", "const id = BigInt(1);", 5), "const id = 5n;");
  assert.equal(
    line("typescript", "const ids: bigint[] = [];", "[1, 9007199254740993]"),
    "const ids: bigint[] = [1n, 9007199254740993n];",
  );
  assert.equal(line("typescript", "const id: number | bigint = 1;", "5"), "const id: number | bigint = 5;");
  assert.equal(
    line("typescript", "const id: number | bigint = 1;", "9007199254740993"),
    "const id: number | bigint = 9007199254740993n;",
  );
  assert.equal(
    line("typescript", "const id: string | number = 1;", "9007199254740993"),
    'const id: string | number = "9007199254740993";',
  );
  assert.equal(
    line("typescript", "const n = 1;", "1152921504606846976"),
    "const n = 1152921504606846976;",
    "2^60 is a double",
  );
  for (const declared of [
    "const n = 1;",
    "const n: number = 1;",
    "const n: unknown = 1;",
    "const n: number[] = [];",
    "const n: Record<string, number> = {};",
  ]) {
    const text = declared.includes("[]")
      ? "[9007199254740993]"
      : declared.includes("{}")
        ? '{"a": 9007199254740993}'
        : "9007199254740993";
    assert.match(
      line("typescript", declared, text),
      /n must be .* cannot hold it exactly; declare the parameter as bigint/,
      declared,
    );
  }
  for (const text of ["1e400", "-1e400", "1e-400"])
    assert.match(line("typescript", "const n = 1;", text), /too large or too small/);
  assert.equal(line("typescript", "const n = 1;", "0x1F"), "const n = 31;");
  assert.equal(line("typescript", "const n = 1;", "-0"), "const n = -0;");
  assert.equal(line("typescript", "const n = 1;", "NaN"), "const n = Number.NaN;");
  assert.equal(line("typescript", "const n = 1;", "-Infinity"), "const n = Number.NEGATIVE_INFINITY;");
  assert.equal(
    line("typescript", "const n: number | undefined = 1;", "undefined"),
    "const n: number | undefined = undefined;",
  );
  assert.match(line("typescript", "const id: bigint = 1n;", "1.5"), /id must be bigint; got "1.5"/);
});

test("strings of any content reach a cell unchanged", () => {
  for (const text of [
    'a"b',
    "it's",
    "back\\slash\\",
    "two\nlines\r\n",
    "${HOME} `x`",
    "</script>",
    "\u2028\u2029\u0085",
    "\ud800",
    "\u202etxt",
    "\u0000\u007f\u001b[31m",
    "é 漢 😀",
    "#",
    "%ls",
  ]) {
    const python = line("python", 'x: str = "a"', text);
    const typescript = line("typescript", 'const x = "a";', text);
    assert.equal(JSON.parse(python.replace("x: str = ", "")), text);
    assert.equal(eval(typescript.replace("const x = ", "").replace(/;$/, "")), text);
    assert.doesNotMatch(python + typescript, /[\n\r\u0085\u2028\u2029\u202e]/);
  }
  assert.equal(
    eval(
      `(${line("typescript", "const x: Record<string, number> = {};", '{"__proto__": 1}').replace(/^.*?= |;$/g, "")}).__proto__`,
    ),
    1,
  );
});

test("keys keep their order; keys that are not strings have the declared type, or papermill's", async () => {
  const read = async (yaml: string): Promise<unknown> =>
    (await gatherParameters({ yaml: [`x: ${yaml}`] })).parameters.x;
  assert.equal(
    line("python", "x = {}", await read("{b: 1, 10: 2, 2: 3, true: 4, null: 5, 1.5: 6}")),
    'x = {"b": 1, "10": 2, "2": 3, "True": 4, "None": 5, "1.5": 6}',
  );
  assert.equal(
    line("python", "x: dict[int, str] = {}", await read("{10: a, 2: b}")),
    'x: dict[int, str] = {10: "a", 2: "b"}',
  );
  assert.equal(line("python", "x: dict[int, str] = {}", '{"10": "a"}'), 'x: dict[int, str] = {10: "a"}');
  assert.match(line("python", "x: dict[int, str] = {}", '{"a": "a"}'), /x must be dict\[int, str\]; got/);
  assert.match(line("python", "x = {}", await read("{1: a, '1': b}")), /the key "1" is there twice/);
  await assert.rejects(read("{a: 1, a: 2}"), /-y is not valid YAML: .*unique/);
  assert.equal(
    line("typescript", "const x: Record<string, string> = {};", await read("{yes: a, 1: b}")),
    'const x: Record<string, string> = {"yes": "a", "1": "b"};',
  );
});

test("the type chooses between the readings of YAML 1.1 and 1.2", async () => {
  const of = async (declared: string, yaml: string): Promise<string> =>
    line("python", declared, (await gatherParameters({ yaml: [`x: ${yaml}`] })).parameters.x, true).replace(
      /^.* = /,
      "",
    );
  for (const [yaml, bool, str, any] of [
    ["yes", "True", '"yes"', "True"],
    ["off", "False", '"off"', "False"],
  ]) {
    assert.deepEqual(
      [await of("x: bool = True", yaml), await of('x: str = "a"', yaml), await of("x = None", yaml)],
      [bool, str, any],
    );
  }
  for (const [yaml, int, str, any] of [
    ["1_000", "1000", '"1_000"', "1000"],
    ["0o17", "15", '"0o17"', '"0o17"'],
    ["1:30", "90", '"1:30"', "90"],
  ]) {
    assert.deepEqual(
      [await of("x: int = 1", yaml), await of('x: str = "a"', yaml), await of("x = None", yaml)],
      [int, str, any],
    );
  }
  assert.equal(await of("x = None", "2024-01-02"), '"2024-01-02"');
  assert.equal(await of("x = None", "2.0"), "2.0");
  assert.equal(await of("x: float = 1", "1e5"), "100000.0");
  assert.match(await of('x: str = "a"', "5"), /x must be str; got 5/);
});

test("type hints are read within wrappers such as Optional, and type comments to their end", () => {
  assert.equal(
    line("python", "x: typing.Optional[typing.List[int]] = None", "[1]"),
    "x: typing.Optional[typing.List[int]] = [1]",
  );
  assert.equal(line("python", "x: Annotated[float, 'a=b'] = 1.0", "3"), "x: Annotated[float, 'a=b'] = 3.0");
  assert.equal(line("python", "x: Final[float] = 1.0", "3"), "x: Final[float] = 3.0");
  assert.equal(line("python", "x: Sequence[float] = []", "[1]"), "x: Sequence[float] = [1.0]");
  assert.equal(line("python", "größe: float = 1", "3"), "größe: float = 3.0");
  assert.equal(line("python", "x = {}  # type: dict[str, float] by name", '{"a": 1}'), 'x = {"a": 1.0}');
  assert.equal(line("python", "x = 1.0  # type: float | None how fast", "None"), "x = None");
  assert.equal(line("python", "x: Literal[1, '1', None] = 1", "1"), "x: Literal[1, '1', None] = \"1\"");
  assert.equal(line("python", "x: Literal[1, 2] = 1", "2"), "x: Literal[1, 2] = 2");
  assert.match(line("python", "x: int = 1", "1e30"), /x must be int; got "1e30"/);
});

test("a circular or very long value is refused with a short message", async () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  assert.match(line("python", "x = []", cycle), /x must be array; got a list of 1 \(it is nested deeper than/);
  assert.ok(line("python", "x: int = 1", "a".repeat(1_000_000)).length < 300);
  await assert.rejects(gatherParameters({ yaml: [`x: ${"[".repeat(100_000)}`] }), { code: "bad-input" });
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x,x]",
    ..."bcdefgh".split("").map((name, at) => `${name}: &${name} [${Array(10).fill(`*${"abcdefg"[at]}`).join(",")}]`),
  ].join("\n");
  await assert.rejects(gatherParameters({ yaml: [bomb] }), /-y has too many aliases of aliases/);
});

test("Python's tuples and sets are written as its literals, from lists, from Python's spelling and from Sets", async () => {
  const lines: readonly (readonly [declared: string, value: unknown, written: string])[] = [
    ["x: tuple[int, str] = (1, 'a')", '[2, "b"]', 'x: tuple[int, str] = (2, "b")'],
    ["x: tuple[int, str] = (1, 'a')", "(2, 'b')", 'x: tuple[int, str] = (2, "b")'],
    ["x: Tuple[float, ...] = (0.1,)", "[1]", "x: Tuple[float, ...] = (1.0,)"],
    ["x: tuple = ()", "()", "x: tuple = ()"],
    ["x: tuple[()] = ()", [], "x: tuple[()] = ()"],
    ["x: Optional[Tuple[int, int]] = None", "None", "x: Optional[Tuple[int, int]] = None"],
    ["x = (1, 2)", "[3, [4]]", "x = (3, [4])"],
    ["x = 1, 2", "(3, (4, 5),)", "x = (3, (4, 5))"],
    ["x = tuple([1])", "[3]", "x = (3,)"],
    ["x = (1, 2)", "null", "x = None"],
    ["x: set[str] = {'a'}", '["b", "c"]', 'x: set[str] = {"b", "c"}'],
    ["x: set[str] = {'a'}", "{'b', 'c',}", 'x: set[str] = {"b", "c"}'],
    ["x: typing.FrozenSet[int] = frozenset()", "[1]", "x: typing.FrozenSet[int] = frozenset({1})"],
    ["x: frozenset = frozenset()", [], "x: frozenset = frozenset()"],
    ["x = {1, 2}", "[]", "x = set()"],
    ["x = {1, 2}", "set()", "x = set()"],
    ["x = set()", new Set([1, "a"]), 'x = {1, "a"}'],
    ["x = {1, 2}", "[(1, 2), nan]", "x = {(1, 2), float('nan')}"],
    ["x = None", new Set([true]), "x = {True}"],
    ["x = None", "{1, 2}", "x = {1, 2}"],
    ["x = None", "(1, 2)", "x = (1, 2)"],
    ["x = None", "(a draft)", 'x = "(a draft)"'],
    ["x: str = 'a'", "(1, 2)", 'x: str = "(1, 2)"'],
    ["x: list[tuple[int, int]] = []", "[[1, 2], [3, 4]]", "x: list[tuple[int, int]] = [(1, 2), (3, 4)]"],
    ["x: tuple[int, int] | list[int] = []", "[1, 2]", "x: tuple[int, int] | list[int] = [1, 2]"],
    ["x: dict[int, str] = {}", "{1: 'a', 2: 'b'}", 'x: dict[int, str] = {1: "a", 2: "b"}'],
    ["x = {'a': 1}", "{'b': 'it\\'s'}", 'x = {"b": "it\'s"}'],
    ["x = {**y}", '{"b": 1}', 'x = {"b": 1}'],
    ["x = (1 + 2)", "3", "x = 3"],
  ];
  for (const [declared, value, written] of lines) assert.equal(line("python", declared, value), written, declared);
  const { parameters } = await gatherParameters({ yaml: ["x: [1, two]"] });
  assert.equal(line("python", "x: tuple[int, str] = (1, 'a')", parameters.x), 'x: tuple[int, str] = (1, "two")');
});

test("tuples and sets that the type does not accept are refused with the reason", () => {
  for (const [declared, value, message] of [
    ["x: tuple[int, int] = (1, 2)", "[1]", /x must be tuple\[int, int\]; got "\[1\]" \(the tuple has 2 items; got 1\)/],
    ["x: tuple[int, int] = (1, 2)", "(1, 'a')", /x must be tuple\[int, int\]; got/],
    ["x = (1, 2)", "many", /x must be tuple; got "many"/],
    ["x = {1, 2}", "[[1]]", /x must be set; got .*a set cannot hold a list, a map or a set/],
    ["x: set[int] = set()", '{"a": 1}', /x must be set\[int\]; got/],
    ["x: list[int] = []", "(1, 2)", /x must be list\[int\]; got/],
    ["x: list[int] = []", new Set([1]), /x must be list\[int\]; got a set of 1/],
    ["x: dict[str, int] = {}", "{1, 2}", /x must be dict\[str, int\]; got/],
    ["x = (1, 2)", `${"(".repeat(100_000)}1,`, /x must be tuple; got/],
    ["x = {1}", `${"{".repeat(100_000)}1`, /x must be set; got/],
  ] as const)
    assert.match(line("python", declared, value), message, declared);
});

test("TypeScript's tuples and sets are written as its literals", () => {
  for (const [declared, value, written] of [
    ["const x: [number, string] = [1, 'a'];", '[2, "b"]', 'const x: [number, string] = [2, "b"];'],
    [
      "const x: readonly [n: number, s: string] = [1, 'a'];",
      '[2, "b"]',
      'const x: readonly [n: number, s: string] = [2, "b"];',
    ],
    ["const x: [number, ...string[]] = [1];", '[2, "b", "c"]', 'const x: [number, ...string[]] = [2, "b", "c"];'],
    ["const x: Set<number> = new Set();", "[1, 2]", "const x: Set<number> = new Set([1, 2]);"],
    ["const x: ReadonlySet<string> = new Set();", new Set(["a"]), 'const x: ReadonlySet<string> = new Set(["a"]);'],
    ["const x = new Set([1]);", "[2]", "const x = new Set([2]);"],
    ["const x: Set<number[]> = new Set();", "[[1]]", "const x: Set<number[]> = new Set([[1]]);"],
  ] as const)
    assert.equal(line("typescript", declared, value), written, declared);
  assert.match(line("typescript", "const x: [number, number] = [1, 2];", "[1]"), /the tuple has 2 items; got 1/);
  assert.match(line("typescript", "const x = new Set([1]);", '["a"]'), /x must be Set<number>; got/);
});

test("infinities and NaN inside lists and maps are written as the language's own, or refused", () => {
  const text = '[1, nan, NaN, inf, -inf, Infinity, -Infinity, {"a": -inf}]';
  assert.equal(
    line("python", "x = []", text),
    "x = [1, float('nan'), float('nan'), float('inf'), float('-inf'), float('inf'), float('-inf'), {\"a\": float('-inf')}]",
  );
  assert.equal(
    line("typescript", "const x: unknown[] = [];", text),
    "const x: unknown[] = [1, Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, " +
      'Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, {"a": Number.NEGATIVE_INFINITY}];',
  );
  for (const value of ["[0.5, -Infinity, nan]", [0.5, -Infinity, NaN]]) {
    assert.equal(line("python", "x: list[float] = []", value), "x: list[float] = [0.5, float('-inf'), float('nan')]");
    assert.equal(
      line("typescript", "const x: number[] = [];", value),
      "const x: number[] = [0.5, Number.NEGATIVE_INFINITY, Number.NaN];",
    );
  }
  assert.match(line("python", "x: list[int] = []", "[1, inf]"), /x must be list\[int\]; got "\[1, inf\]"/);
  assert.match(line("typescript", "const x: bigint[] = [];", "[1, NaN]"), /x must be bigint\[\]; got/);
  assert.equal(line("python", "x = []", '["nan", "infinite"]'), 'x = ["nan", "infinite"]');
});

test("undefined is TypeScript's value if the type names it, otherwise a string or an error", () => {
  for (const [declared, value, written] of [
    ["const x: string | undefined = 'a';", "undefined", "const x: string | undefined = undefined;"],
    ["const x: string | undefined = 'a';", undefined, "const x: string | undefined = undefined;"],
    ["const x: 'a' | undefined = 'a';", "undefined", "const x: 'a' | undefined = undefined;"],
    ["const x: (number | undefined)[] = [];", "[1, undefined]", "const x: (number | undefined)[] = [1, undefined];"],
    ["const x = 'a';", "undefined", 'const x = "undefined";'],
    [
      "const x: { r: number; bias?: boolean } = { r: 1 };",
      { r: 2, bias: undefined },
      'const x: { r: number; bias?: boolean } = {"r": 2, "bias": undefined};',
    ],
  ] as const)
    assert.equal(line("typescript", declared, value), written, declared);
  assert.match(line("typescript", "const x = 1;", undefined), /x must be number; got undefined/);
  assert.match(line("typescript", "const x = 1;", "undefined"), /x must be number; got "undefined"/);
  assert.equal(line("python", "x = None", undefined), "x = None");
  assert.match(line("python", "x: int = 1", undefined), /x must be int; got undefined/);
});

test("YAML whose values cannot be constructed, and a second document, are refused in one line", async () => {
  for (const text of ["<<: 5", "<<: [1]", "a: {<<: 5}", "a: &x 1\n<<: *x", "? {a: 1}\n: b\n<<: text"])
    await assert.rejects(gatherParameters({ yaml: [text] }), { code: "bad-input" }, text);
  for (const text of ["a: 1\n---\nb: 2", "---\na: 1\n---\n", "a: 1\n...\nb: 2", "--- 1\n--- 2\n--- 3"])
    await assert.rejects(gatherParameters({ yaml: [text] }), /-y must be one YAML document; got \d/, text);
  for (const text of ["", "# none\n", "---\n", "--- # empty\n..."])
    assert.deepEqual((await gatherParameters({ yaml: [text] })).parameters, {}, text);
  const { parameters } = await gatherParameters({ yaml: ["---\nb: &b {x: 1}\na: {<<: *b, y: 2}\n..."] });
  assert.deepEqual(
    parameters.a,
    new Map([
      ["x", 1n],
      ["y", 2n],
    ]),
  );
});
