import { SourceMap, type SourceMapPayload } from "node:module";

import type * as TypeScript from "typescript";

import { loadTypeScript } from "./load-typescript";

/** A place in a cell; line and column count from 1. */
export interface CellPosition {
  readonly line: number;
  readonly column: number;
}

/** Maps a cell's compiled code to its source. */
export interface TslabSourceMap {
  /** The place in the cell for a place in the compiled code; undefined for lines that tslab adds. */
  readonly locate: (line: number, column: number) => CellPosition | undefined;
  /** Names of the functions around a place in the cell, innermost first. */
  readonly functionsAt: (position: CellPosition) => readonly string[];
}

const PREFIX = "export {};\n";

/**
 * Makes the source map of a cell, since tslab runs cells without one and without a file name. Compiles the cell as
 * tslab's converter does (exports every local name, puts `exports.` before names of earlier cells, assigns the last
 * expression to a variable, emits CommonJS), and keeps the maps of both steps.
 *
 * @param earlier - the sources of the cells executed before
 */
export function tslabSourceMap(source: string, earlier: readonly string[]): TslabSourceMap {
  const ts = loadTypeScript();
  const common = {
    target: ts.ScriptTarget.ES2022,
    newLine: ts.NewLineKind.LineFeed,
    esModuleInterop: true,
    noImplicitUseStrict: true,
    sourceMap: true,
    isolatedModules: false,
  };
  const names = localNames(ts, source);
  const inherited = new Set(earlier.flatMap((cell) => localNames(ts, cell)).filter((name) => !names.includes(name)));
  const exported = PREFIX + source + (names.length > 0 ? `\nexport {${names.join(", ")}}` : "");
  const first = ts.transpileModule(exported, {
    fileName: "cell.ts",
    compilerOptions: { ...common, module: ts.ModuleKind.ESNext, experimentalDecorators: true, jsx: ts.JsxEmit.React },
    transformers: { after: [exportsBefore(ts, inherited), lastExpressionToVariable(ts)] },
  });
  const second = ts.transpileModule(first.outputText, {
    fileName: "custom.js",
    compilerOptions: { ...common, module: ts.ModuleKind.CommonJS },
  });
  const maps = [second, first].map(
    ({ sourceMapText }) => new SourceMap(JSON.parse(sourceMapText ?? "{}") as SourceMapPayload),
  );
  const emittedLines = second.outputText
    .replace(/\n\/\/# sourceMappingURL=.*\s*$/, "")
    .trimEnd()
    .split("\n").length;
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);

  return {
    locate(line, column) {
      if (line > emittedLines) return undefined; // the call that tslab appends
      let at = { line: line - 1, column: column - 1 };
      for (const map of maps) {
        const entry = map.findEntry(at.line, at.column);
        if (!("originalLine" in entry)) return undefined;
        at = { line: entry.originalLine, column: entry.originalColumn };
      }
      const inCell = at.line - 1; // after PREFIX
      return inCell < 0 || inCell >= source.split("\n").length
        ? undefined
        : { line: inCell + 1, column: at.column + 1 };
    },
    functionsAt: (position) => functionsAt(ts, file, position),
  };
}

/** Names of the functions and classes around a place in a cell, innermost first. */
function functionsAt(ts: typeof TypeScript, file: TypeScript.SourceFile, { line, column }: CellPosition): string[] {
  const offset = Math.min(file.getPositionOfLineAndCharacter(line - 1, 0) + column - 1, file.text.length);
  const found: string[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (offset < node.getStart(file) || offset > node.getEnd()) return;
    const name = ts.isFunctionLike(node) ? functionName(ts, node) : ts.isClassLike(node) ? node.name?.text : undefined;
    if (name !== undefined) found.unshift(name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** The names that a cell declares or imports at its top level, without types. */
export function localNames(ts: typeof TypeScript, source: string): string[] {
  const names = new Set<string>();
  const bind = (name: TypeScript.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text);
    else for (const element of name.elements) if (!ts.isOmittedExpression(element)) bind(element.name);
  };
  for (const statement of ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022).statements) {
    if (ts.isVariableStatement(statement)) for (const { name } of statement.declarationList.declarations) bind(name);
    else if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name !== undefined)
      names.add(statement.name.text);
    else if (ts.isEnumDeclaration(statement)) names.add(statement.name.text);
    else if (ts.isImportDeclaration(statement) && statement.importClause?.isTypeOnly === false) {
      const { name, namedBindings } = statement.importClause;
      if (name !== undefined) names.add(name.text);
      if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) names.add(namedBindings.name.text);
      else for (const element of namedBindings?.elements ?? []) if (!element.isTypeOnly) names.add(element.name.text);
    }
  }
  return [...names];
}

function exportsBefore(
  ts: typeof TypeScript,
  names: ReadonlySet<string>,
): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  return (context) => (file) => {
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      if (ts.isIdentifier(node))
        return names.has(node.text)
          ? ts.factory.createPropertyAccessExpression(ts.factory.createIdentifier("exports"), node)
          : node;
      return ts.visitEachChild(node, (child) => (isNameIn(ts, child, node) ? child : visit(child)), context);
    };
    return ts.visitEachChild(file, visit, context);
  };
}

/** Whether a node is a name that its parent declares or accesses; such a name refers to no variable. */
function isNameIn(ts: typeof TypeScript, node: TypeScript.Node, parent: TypeScript.Node): boolean {
  if (!ts.isIdentifier(node) || ts.isShorthandPropertyAssignment(parent)) return ts.isIdentifier(node);
  return "name" in parent && parent.name === node;
}

function lastExpressionToVariable(ts: typeof TypeScript): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  return () => (file) => {
    const last = file.statements.findLastIndex((statement) => !ts.isExportDeclaration(statement));
    const statement = file.statements[last] as TypeScript.Statement | undefined;
    if (statement === undefined || !ts.isExpressionStatement(statement)) return file;
    const declaration = ts.factory.createVariableDeclaration("tsLastExpr", undefined, undefined, statement.expression);
    const variable = ts.factory.createVariableStatement(
      [ts.factory.createModifier(ts.SyntaxKind.ExportKeyword)],
      ts.factory.createVariableDeclarationList([declaration], ts.NodeFlags.Const),
    );
    return ts.factory.updateSourceFile(file, [
      ...file.statements.slice(0, last),
      variable,
      ...file.statements.slice(last + 1),
    ]);
  };
}

function functionName(ts: typeof TypeScript, node: TypeScript.SignatureDeclaration): string | undefined {
  if (node.name !== undefined && (ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name)))
    return node.name.text;
  const { parent } = node;
  const named = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return named && ts.isIdentifier(parent.name) ? parent.name.text : undefined;
}
