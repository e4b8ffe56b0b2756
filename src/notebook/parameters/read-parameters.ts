import { TsloraError } from "../../base/tslora-error";
import { hasTag, type CodeCell, type Notebook } from "../format/notebook-types";
import type { NotebookParameter, ParameterShape } from "./parameter-shape";
import type { Readings } from "./parameter-value";
import { PYTHON_DIALECT } from "./python-literal";
import { pythonParameters } from "./python-parameters";
import { pythonReadings, typescriptReadings } from "./text-readings";
import { TYPESCRIPT_DIALECT } from "./typescript-literal";
import { typescriptParameters } from "./typescript-parameters";
import type { LiteralDialect } from "./write-literal";

/** Options of {@link readParameters}. */
export interface ReadParametersOptions {
  /** The notebook's name in messages. @default "notebook" */
  readonly path?: string;
  /** The kernel's language. @default what the notebook's metadata say */
  readonly language?: string;
}

/** The ways of one language to declare parameters and to write values. */
interface ParameterLanguage {
  readonly read: (source: string) => NotebookParameter[];
  /** The readings of a text of the command line for a type. */
  readonly readings: (text: string, shape: ParameterShape) => Readings;
  readonly dialect: LiteralDialect;
  readonly comment: string;
}

/**
 * The parameters of a notebook: what its cell tagged `parameters` declares, with types, defaults and comments. None
 * for a notebook without such a cell.
 *
 * @throws TsloraError `bad-input` for two such cells, `unsupported` for a language other than TypeScript, JavaScript
 * and Python.
 */
export function readParameters(notebook: Notebook, options: ReadParametersOptions = {}): NotebookParameter[] {
  const cell = parametersCell(notebook, options.path ?? "notebook");
  return cell === undefined ? [] : parameterLanguage(notebook, options).read(cell.source);
}

/** The cell tagged `parameters`, if there is one. */
export function parametersCell(notebook: Notebook, path: string): CodeCell | undefined {
  const tagged = notebook.cells.filter(
    (cell): cell is CodeCell => cell.cell_type === "code" && hasTag(cell, "parameters"),
  );
  if (tagged.length > 1)
    throw new TsloraError(
      "bad-input",
      `${path} has ${tagged.length} cells tagged "parameters"; expected one at most.`,
      { details: { path } },
    );
  return tagged[0];
}

/** How the notebook's language declares parameters. */
export function parameterLanguage(notebook: Notebook, options: ReadParametersOptions): ParameterLanguage {
  const { language_info: info, kernelspec } = notebook.metadata;
  const known =
    options.language ??
    info?.name ??
    kernelspec?.language ??
    (kernelspec?.name === "tslab" ? "typescript" : kernelspec?.name);
  const language = typeof known === "string" ? known.toLowerCase() : "an unknown language";
  if (language === "typescript" || language === "javascript")
    return { read: typescriptParameters, readings: typescriptReadings, dialect: TYPESCRIPT_DIALECT, comment: "//" };
  if (language.startsWith("python"))
    return { read: pythonParameters, readings: pythonReadings, dialect: PYTHON_DIALECT, comment: "#" };
  throw new TsloraError(
    "unsupported",
    `${options.path ?? "notebook"}: parameters can be given to TypeScript, JavaScript and Python notebooks; this one is in ${language}.`,
    { details: { language } },
  );
}
