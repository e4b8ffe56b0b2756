import type * as TypeScript from "typescript";

import { loadTypeScript } from "../../notebook/tslab/load-typescript";
import { EditedText, type TextEdit } from "./text-edits";

/** Resolves an import that Node cannot find as written; undefined leaves it unchanged. */
export type ResolveImport = (specifier: string) => string | undefined;

/** Options of {@link mendSource}. */
export interface MendOptions {
  /**
   * Whether the source runs. If false, it is only analysed for completion, which needs shorthand properties unchanged.
   * @default true
   */
  readonly isRun?: boolean;
}

/**
 * Changes a cell's source so that tslab (1.0.22) can compile it:
 * - `{ r }` becomes `{ r: r }`: tslab would change it to `{ exports.r }` if an earlier cell declared `r`;
 * - `{ count: n }` in a declaration becomes `{ "count": n }`: tslab would change it to `{ exports.count: n }`;
 * - `export` before a declaration is removed: tslab exports every name itself, and refuses a name exported twice;
 * - imports get the path that `resolve` returns, since tslab compiles nothing outside a notebook's folder.
 */
export function mendSource(source: string, resolve: ResolveImport, { isRun = true }: MendOptions = {}): EditedText {
  const ts = loadTypeScript();
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  const edits: TextEdit[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (isRun && ts.isShorthandPropertyAssignment(node))
      edits.push({ start: node.name.getStart(file), end: node.name.getStart(file), text: `${node.name.text}: ` });
    if (isRun && ts.isBindingElement(node) && node.propertyName !== undefined && ts.isIdentifier(node.propertyName))
      edits.push({
        start: node.propertyName.getStart(file),
        end: node.propertyName.getEnd(),
        text: JSON.stringify(node.propertyName.text),
      });
    const exported = isRun ? exportKeyword(ts, node, file) : undefined;
    if (exported !== undefined) edits.push({ start: exported.getStart(file), end: exported.getEnd(), text: "" });
    const specifier = specifierOf(ts, node);
    const found = specifier === undefined ? undefined : resolve(specifier.text);
    if (specifier !== undefined && found !== undefined)
      edits.push({ start: specifier.getStart(file), end: specifier.getEnd(), text: JSON.stringify(found) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return new EditedText(source, edits);
}

/** The keyword of an exported top-level declaration. */
function exportKeyword(
  ts: typeof TypeScript,
  node: TypeScript.Node,
  file: TypeScript.SourceFile,
): TypeScript.Modifier | undefined {
  if (node.parent !== file || !ts.canHaveModifiers(node)) return undefined;
  const modifiers = ts.getModifiers(node) ?? [];
  if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) return undefined;
  return modifiers.find(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

/**
 * Returns the module that a node imports: `import … from "x"`, `export … from "x"`, `import("x")`, `require("x")`,
 * `typeof import("x")`.
 */
function specifierOf(ts: typeof TypeScript, node: TypeScript.Node): TypeScript.StringLiteral | undefined {
  const found = ((): TypeScript.Node | undefined => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
    if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined;
    if (ts.isExternalModuleReference(node)) return node.expression;
    if (!ts.isCallExpression(node)) return undefined;
    const imports =
      node.expression.kind === ts.SyntaxKind.ImportKeyword ||
      (ts.isIdentifier(node.expression) && node.expression.text === "require");
    return imports ? node.arguments.at(0) : undefined;
  })();
  return found !== undefined && ts.isStringLiteral(found) ? found : undefined;
}
