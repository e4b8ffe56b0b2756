import { spawnSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import { gatherParameters, type ParameterFlags } from "../../src/cli/command-options";
import { injectParameters } from "../../src/notebook/parameters/inject-parameters";
import type { Notebook } from "../../src/notebook/format/notebook-types";

/** A parameter's declaration and what the command line gives it. */
interface ParameterCase {
  readonly declared: string;
  readonly flag: "-p" | "-r" | "-y";
  readonly text: string;
}

const UNTYPED_TEXTS = [
  "5",
  "-5",
  "+5",
  "007",
  " 12 ",
  "1_000",
  "1234567890123456789",
  "-98765432109876543210",
  "9".repeat(400),
  "2.0",
  "0.1",
  "1e5",
  "1E-7",
  "1.",
  ".5",
  "-0",
  "-0.0",
  "1e400",
  "1e-400",
  "0.1000000000000000055511151231257827",
  "9007199254740993.0",
  "123456789012345678.5",
  "1_0.5",
  "inf",
  "-inf",
  "nan",
  "Infinity",
  "NaN",
  "1e16",
  "12345678.9e10",
  "5e-324",
  "True",
  "False",
  "None",
  "TRUE",
  "none",
  "yes",
  "No",
  "0x1F",
  "0o17",
  "0b11",
  "1e",
  "--5",
  "1,5",
  "٣",
  "",
  " ",
  "a b",
  "it's",
  '"quoted"',
  "back\\slash",
  "\\n",
  "two\nlines",
  "tab\there",
  "é ü 漢字 😀",
  "\u2028",
  "\u0085",
  "\u202egnp",
  "${HOME}",
  "</script>",
  "%ls",
  "!ls",
  "x?",
  "{a",
  "#no comment",
  "\u0000",
  "\u007f",
];
const YAML_TEXTS = [
  "1234567890123456789",
  "2.0",
  "1.0e+5",
  "1_000",
  "0o17",
  "017",
  "0x1F",
  "0b101",
  "1:30",
  "-1:30:00",
  ".inf",
  "-.INF",
  ".nan",
  "-0",
  "-0.0",
  "+5",
  "08",
  "1.5",
  "yes",
  "No",
  "on",
  "OFF",
  "true",
  "FALSE",
  "null",
  "~",
  "",
  "Null",
  "y",
  "n",
  "2024-01-02",
  "2024-01-02T03:04:05Z",
  "'5'",
  '"a\\nb"',
  "plain text",
  "[1, 2.0, x, null, true, 12345678901234567890]",
  "[[1], [], [[2, {a: b}]]]",
  "{a: 1, b: {c: [1, 2]}}",
  "{7: a, 2.5: b, true: c, null: d, no: e}",
  "{b: 1, 10: 2, 2: 3}",
  "[yes, no]",
  "{a: 'it''s \"x\"'}",
  "|\n  two\n  lines\n",
];

const CASES: readonly ParameterCase[] = [
  ...UNTYPED_TEXTS.flatMap((text) => [
    { declared: "x = None", flag: "-p", text } as const,
    { declared: 'x = "a"', flag: "-p", text } as const,
    { declared: "x: str = 'a'", flag: "-r", text } as const,
  ]),
  ...["5", "True", "None", "2.0", "-1e3", "nan", "12345678901234567890"].flatMap((text) =>
    ["x = 1", "x = 0.5", "x = False"].map((declared) => ({ declared, flag: "-p", text }) as const),
  ),
  ...[
    ["x: float = 0.1", "2.0"],
    ["x: float = 0.1", "2"],
    ["x: float = 0.1", "9007199254740993"],
    ["x: float = 0.1", "inf"],
    ["x: int = 1", "12345678901234567890"],
    ["x: int | None = 1", "None"],
    ["x: Optional[int] = 1", "7"],
    ["x: bool = False", "True"],
    ["x: Union[int, float] = 1", "2"],
    ["x: float | int = 1", "2"],
    ["x: Literal[1, 'a', None] = 1", "1"],
    ["x: Literal[1, 'a', None] = 1", "None"],
    ["x = 1  # type: Optional[int]", "None"],
    ["x: 'float' = 1", "3.5"],
  ].map(([declared, text]) => ({ declared, flag: "-p", text }) as const),
  ...YAML_TEXTS.map((text) => ({ declared: "x = None", flag: "-y", text: `x: ${text}` }) as const),
  ...[
    ["x: list[int] = []", "[1, 2, 98765432109876543210]"],
    ["x: dict[str, float] = {}", "{a: 1, b: 2.5}"],
    ["x: List[Optional[str]] = []", "[a, null]"],
    ["x: dict[str, list[int]] = {}", "{a: [1]}"],
  ].map(([declared, text]) => ({ declared, flag: "-y", text: `x: ${text}` }) as const),
];

/** Cases that are meant to be read otherwise than papermill reads them, by flag and text. */
const MEANT: readonly { readonly flag: string; readonly text: RegExp; readonly reason: string }[] = [
  { flag: "-p", text: /^٣$/, reason: "digits of other scripts stay a text" },
];

/** Compares what Python reads of the same parameters by tslora and by papermill. Returns the number of differences. */
export async function compareParameters({ folder, python }: { folder: string; python: string }): Promise<number> {
  const sources = await Promise.all(CASES.map(sourceOf));
  const [given, taken] = [join(folder, "parameters.json"), join(folder, "parameter-results.json")];
  await writeFile(given, JSON.stringify(CASES.map((each, at) => ({ ...each, source: sources[at].source ?? null }))));
  const program = join(projectRoot(), "test", "conformance", "parameters.py");
  const { status, stderr } = spawnSync(python, [program, given, taken], { encoding: "utf8" });
  if (status !== 0) throw new Error(`parameters.py ended with ${String(status)}:\n${stderr}`);
  const results = JSON.parse(await readFile(taken, "utf8")) as {
    equal: boolean;
    sameType: boolean;
    ours: string;
    theirs: string;
  }[];
  let wrong = 0;
  let meant = 0;
  for (const [at, { equal, ours, theirs }] of results.entries()) {
    const { declared, flag, text } = CASES[at];
    if (equal) continue;
    if (MEANT.some((rule) => rule.flag === flag && rule.text.test(text))) {
      meant++;
      continue;
    }
    wrong++;
    console.log(
      `${declared}, ${flag} ${JSON.stringify(text)}: ours ${sources[at].source === undefined ? `refused (${sources[at].error ?? ""})` : ours}, papermill's ${theirs}`,
    );
  }
  for (const { flag, text, reason } of MEANT) console.log(`not counted, ${flag} ${text.source}: ${reason}`);
  console.log(`parameters: ${results.length - wrong - meant} equal, ${meant} differ as listed, ${wrong} wrong`);
  return wrong;
}

async function sourceOf({ declared, flag, text }: ParameterCase): Promise<{ source?: string; error?: string }> {
  const flags: ParameterFlags =
    flag === "-p" ? { param: { x: text } } : flag === "-r" ? { raw: { x: text } } : { yaml: [text] };
  const { parameters, rawParameters } = await gatherParameters(flags);
  const cell = {
    cell_type: "code",
    id: "a",
    metadata: { tags: ["parameters"] },
    source: declared,
    execution_count: null,
    outputs: [],
  } as const;
  const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [cell] };
  try {
    return {
      source: injectParameters(notebook, { values: parameters, raw: rawParameters, language: "python", path: "x" })
        .cells[1].source,
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
