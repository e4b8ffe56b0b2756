import { TsloraError } from "../../base/tslora-error";
import { hasTag, type CodeCell, type Notebook } from "../format/notebook-types";
import { parameterLanguage, type LanguageOptions } from "./parameter-language";
import type { NotebookParameter } from "./parameter-shape";

/** Options of {@link readParameters}. */
export type ReadParametersOptions = LanguageOptions;

/**
 * The parameters that a notebook's cell tagged `parameters` declares, with types, defaults and comments. Empty for a
 * notebook without such a cell.
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
      `${path} must have at most one cell tagged "parameters"; it has ${tagged.length}.`,
      { details: { path } },
    );
  return tagged[0];
}
