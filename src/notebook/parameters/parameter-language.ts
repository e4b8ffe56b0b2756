import { TsloraError } from "../../base/tslora-error";
import type { Notebook } from "../format/notebook-types";
import { ownKernelSpec } from "../jupyter/own-kernels";
import type { NotebookParameter, ParameterShape } from "./parameter-shape";
import type { Readings } from "./parameter-value";
import { PYTHON_DIALECT } from "./python-literal";
import { pythonParameters } from "./python-parameters";
import { pythonReadings, typescriptReadings } from "./text-readings";
import { TYPESCRIPT_DIALECT } from "./typescript-literal";
import { typescriptParameters } from "./typescript-parameters";
import type { LiteralDialect } from "./write-literal";

/** A notebook's name and language. */
export interface LanguageOptions {
  /** The notebook's name in messages. @default "notebook" */
  readonly path?: string;
  /** The kernel's language. @default the language in the notebook's metadata */
  readonly language?: string;
}

/** Declaration of parameters and writing of values in one language. */
export interface ParameterLanguage {
  readonly read: (source: string) => NotebookParameter[];
  /** Reads a text of the command line as a type, in each possible way. */
  readonly readings: (text: string, shape: ParameterShape) => Readings;
  readonly dialect: LiteralDialect;
  readonly comment: string;
}

/** Chooses the parameter language of a notebook. */
export function parameterLanguage(notebook: Notebook, options: LanguageOptions): ParameterLanguage {
  const { language_info: info, kernelspec } = notebook.metadata;
  const kernel = kernelspec?.name;
  const own = typeof kernel === "string" ? ownKernelSpec(kernel)?.language : undefined;
  const known = options.language ?? info?.name ?? kernelspec?.language ?? own ?? kernel;
  const language = typeof known === "string" ? known.toLowerCase() : "an unknown language";
  if (language === "typescript" || language === "javascript")
    return { read: typescriptParameters, readings: typescriptReadings, dialect: TYPESCRIPT_DIALECT, comment: "//" };
  if (language.startsWith("python"))
    return { read: pythonParameters, readings: pythonReadings, dialect: PYTHON_DIALECT, comment: "#" };
  throw new TsloraError(
    "unsupported",
    `${options.path ?? "notebook"} must be in TypeScript, JavaScript or Python to take parameters; got ${language}.`,
    { details: { language } },
  );
}
