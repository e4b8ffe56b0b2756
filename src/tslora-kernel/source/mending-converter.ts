import type * as TypeScript from "typescript";

import { loadTypeScript } from "../../notebook/tslab/load-typescript";
import { interruptibleCode, type InterruptibleCode } from "../interrupts/interruptible-code";
import { mendSource, type ResolveImport } from "./mend-source";
import { varNames } from "../variables/scope";
import { EditedText } from "./text-edits";
import type { TslabConversion, TslabConverter, TslabPlace } from "../tslab";

/** A compiled cell, with the steps of its compilation. */
export interface Conversion {
  readonly mended: EditedText;
  readonly code: InterruptibleCode;
  readonly isAsync: boolean;
  /** The variable for the value of the last expression, if there is one. */
  readonly lastExpressionVar: string | undefined;
}

/** Options of {@link mendingConverter}. */
export interface MendingOptions {
  readonly resolve: ResolveImport;
  /** The execution count of the next cell. */
  readonly number: () => number;
  /** Called with every cell that compiles. */
  readonly onConverted: (conversion: Conversion) => void;
}

/**
 * Wraps tslab's compiler: changes sources so that it can compile them, maps its answers to places in the original
 * sources, and makes the code interruptible. A cell whose only top-level `await` is a `for await` is asynchronous too.
 */
export function mendingConverter(
  converter: TslabConverter,
  { resolve, number, onConverted }: MendingOptions,
): TslabConverter {
  return {
    convert(previous, source) {
      const mended = mendSource(source, resolve);
      const conversion = converter.convert(previous, mended.after);
      const diagnostics = conversion.diagnostics.map((diagnostic) => ({
        ...diagnostic,
        ...(diagnostic.fileName === undefined
          ? { start: placeBefore(mended, diagnostic.start), end: placeBefore(mended, diagnostic.end) }
          : {}),
      }));
      if (conversion.output === undefined || diagnostics.length > 0) return { ...conversion, diagnostics };
      const code = interruptibleCode(conversion.output, number());
      const isAsync = conversion.hasToplevelAwait === true || code.awaits;
      onConverted({ mended, code, isAsync, lastExpressionVar: conversion.lastExpressionVar });
      const declOutput = `${conversion.declOutput ?? ""}${innerVars(source)}`;
      return {
        ...conversion,
        diagnostics,
        declOutput,
        output: code.code.after,
        hasToplevelAwait: isAsync,
      } satisfies TslabConversion;
    },
    inspect(previous, source, position) {
      const mended = mendForReading(source, resolve);
      return converter.inspect(previous, mended.after, mended.toAfter(position));
    },
    complete(previous, source, position) {
      const mended = mendForReading(source, resolve);
      const found = converter.complete(previous, mended.after, mended.toAfter(position));
      const text = completeText(mended.after, mended.toAfter(position));
      const candidates =
        text === undefined
          ? found.candidates
          : found.candidates.filter((candidate) => candidate.startsWith(text.typed));
      const { start, end } = text ?? found;
      return { ...found, candidates, start: mended.toBefore(start), end: mended.toBefore(end) };
    },
    addModule: (name, source, meta) => converter.addModule(name, source, meta),
    close: () => converter.close(),
  };
}

/**
 * Finds the string literal that is completed, and the part that is typed already. tslab proposes whole values, and
 * would insert them after that part.
 */
function completeText(
  source: string,
  position: number,
): { readonly start: number; readonly end: number; readonly typed: string } | undefined {
  const ts = loadTypeScript();
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  let found: TypeScript.StringLiteralLike | undefined;
  const visit = (node: TypeScript.Node): void => {
    if (node.getStart(file) >= position || node.getEnd() < position) return;
    if (ts.isStringLiteralLike(node)) found = node;
    ts.forEachChild(node, visit);
  };
  visit(file);
  if (found === undefined) return undefined;
  const start = found.getStart(file) + 1;
  const text = found.getText(file);
  const isClosed = text.length > 1 && text.endsWith(text[0]);
  if (isClosed && position === found.getEnd()) return undefined; // after the literal
  return { start, end: found.getEnd() - (isClosed ? 1 : 0), typed: source.slice(start, position) };
}

/** Mends an incomplete source; leaves it unchanged if that fails. */
function mendForReading(source: string, resolve: ResolveImport): EditedText {
  try {
    return mendSource(source, resolve, { isRun: false });
  } catch {
    return new EditedText(source, []);
  }
}

/** Declarations, for later cells, of the names that `var` declares inside a block; TypeScript's output omits them. */
function innerVars(source: string): string {
  const ts = loadTypeScript();
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  const blocks = file.statements.filter((statement) => !ts.isVariableStatement(statement));
  const names = new Set(blocks.flatMap((statement) => varNames(ts, statement)));
  return [...names].map((name) => `declare var ${name}: any;\n`).join("");
}

function placeBefore(text: EditedText, { line, character }: TslabPlace): TslabPlace {
  const { line: lineBefore, column } = text.positionBefore({ line: line + 1, column: character + 1 });
  return { line: lineBefore - 1, character: column - 1 };
}
