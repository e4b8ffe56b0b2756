/**
 * Runs in its own process, in a notebook's folder: compiles cells one after the other with tslab's converter, which
 * resolves imports from the process's folder. Receives a {@link CheckRequest} and answers with a list of
 * {@link CellProblem}.
 */
import { join } from "node:path";

import { requiredPackage } from "../../base/places";
import { localNames } from "../tslab/source-map";
import { loadTypeScript } from "../tslab/load-typescript";

/** The cells to check, by their number among the code cells. */
export interface CheckRequest {
  readonly cells: readonly { readonly number: number; readonly source: string }[];
}

/** One diagnostic of the compiler; line and column count from 1. */
export interface CellProblem {
  readonly cell: number;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The file, if it is not the cell. */
  readonly file?: string;
}

interface Diagnostic {
  readonly start: { readonly line: number; readonly character: number };
  readonly messageText: string;
  readonly fileName?: string;
}

interface Converter {
  convert(
    declarations: string,
    source: string,
  ): { readonly diagnostics: readonly Diagnostic[]; readonly declOutput?: string };
  addModule(name: string, source: string, metadata: unknown): readonly Diagnostic[];
  close(): void;
}

interface TslabParts {
  readonly createConverter: (options: { isJS: boolean; isBrowser: boolean }) => Converter;
  readonly getCodeMetadata: (source: string) => { readonly mode?: string; readonly module?: string };
}

process.once("message", (request: CheckRequest) => {
  process.send?.(check(request), undefined, undefined, () => process.exit());
});

function check({ cells }: CheckRequest): CellProblem[] {
  const { createConverter, getCodeMetadata } = loadTslab();
  const converter = createConverter({ isJS: false, isBrowser: false });
  const problems: CellProblem[] = [];
  const lost = new Set<string>(); // names that failed cells declare: that later cells lack them is not reported
  let declarations = "";
  for (const { number, source } of cells) {
    const metadata = getCodeMetadata(source);
    if (metadata.mode === "browser") continue;
    const converted =
      metadata.module === undefined
        ? converter.convert(declarations, source)
        : { diagnostics: converter.addModule(metadata.module, source, metadata) };
    if (converted.diagnostics.length > 0) for (const name of localNames(loadTypeScript(), source)) lost.add(name);
    else if (metadata.module === undefined)
      declarations = "declOutput" in converted ? (converted.declOutput ?? "") : "";
    for (const { start, messageText, fileName } of converted.diagnostics) {
      const missing = /^Cannot find name '(.+?)'/.exec(messageText)?.[1];
      if (missing !== undefined && lost.has(missing) && !localNames(loadTypeScript(), source).includes(missing))
        continue;
      problems.push({
        cell: number,
        line: start.line + 1,
        column: start.character + 1,
        message: messageText,
        ...(fileName !== undefined && { file: fileName }),
      });
    }
  }
  converter.close();
  return problems;
}

function loadTslab(): TslabParts {
  const dist = join(requiredPackage("tslab"), "dist");
  /* eslint-disable @typescript-eslint/no-require-imports -- tslab's own modules, by their place in this clone */
  const { createConverter } = require(join(dist, "converter.js")) as Pick<TslabParts, "createConverter">;
  const { getCodeMetadata } = require(join(dist, "metadata.js")) as Pick<TslabParts, "getCodeMetadata">;
  /* eslint-enable @typescript-eslint/no-require-imports */
  return { createConverter, getCodeMetadata };
}
