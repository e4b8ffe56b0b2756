import type * as TypeScript from "typescript";

import type { DeclaredAs } from "./cell-variables";
import { namesIn, type Scope } from "./scope";

/** An import that a cell exports: its name, and its compiled expression, such as `path_1.join`. */
interface ExportedImport {
  readonly name: string;
  readonly expression: string;
}

/** A getter of an import: the call that defines it, and the function that reads the import. */
interface ImportGetter extends ExportedImport {
  readonly call: TypeScript.Node;
  readonly read: TypeScript.Node;
}

/** Finds the export statements of a cell that TypeScript compiled to CommonJS. */
export class CellExports {
  /** The names that the cell declares and exports. */
  readonly shared: ReadonlySet<string>;
  /** Names of imports by their compiled expressions, such as `path_1.join`. */
  readonly imports = new Map<string, string>();
  readonly #importNames = new Set<string>();

  constructor(
    private readonly ts: typeof TypeScript,
    private readonly file: TypeScript.SourceFile,
    private readonly body: TypeScript.Block,
    private readonly top: Scope,
  ) {
    this.shared = new Set([...this.#assignedExports()].filter((name) => top.declares(name)));
    for (const statement of body.statements) {
      const found = this.importGetter(statement) ?? this.importAlias(statement);
      if (found === undefined) continue;
      this.#importNames.add(found.name);
      if (!this.imports.has(found.expression)) this.imports.set(found.expression, found.name);
    }
  }

  /** The shared variables that this cell declares. */
  declared(): Map<string, DeclaredAs> {
    const { ts } = this;
    const declared = new Map<string, DeclaredAs>([...this.shared].map((name) => [name, "variable"]));
    for (const name of this.#importNames) declared.set(name, "constant");
    for (const statement of this.body.statements) {
      if (!ts.isVariableStatement(statement) || (statement.declarationList.flags & ts.NodeFlags.Const) === 0) continue;
      for (const name of statement.declarationList.declarations.flatMap((one) => namesIn(ts, one.name)))
        if (declared.has(name)) declared.set(name, "constant");
    }
    return declared;
  }

  /** The names that the cell assigns to properties of `exports`. */
  #assignedExports(): Set<string> {
    const { ts } = this;
    const exported = new Set<string>();
    const visit = (node: TypeScript.Node): void => {
      const name =
        ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken
          ? this.exportedName(node.left)
          : undefined;
      if (name !== undefined) exported.add(name);
      ts.forEachChild(node, visit);
    };
    visit(this.body);
    return exported;
  }

  /** The name in `exports.NAME`; undefined for other nodes. */
  exportedName(node: TypeScript.Node): string | undefined {
    const { ts } = this;
    return ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === "exports"
      ? node.name.text
      : undefined;
  }

  /** Whether an expression is `exports.a = exports.b = void 0`, which TypeScript puts before a cell's code. */
  isHoistedReset(node: TypeScript.Expression): boolean {
    const { ts } = this;
    if (!ts.isBinaryExpression(node) || this.exportedName(node.left) === undefined) return false;
    return (
      (ts.isVoidExpression(node.right) && ts.isNumericLiteral(node.right.expression)) || this.isHoistedReset(node.right)
    );
  }

  /** Whether an expression is a variable, or an assignment to it. */
  writes(node: TypeScript.Expression, name: string): boolean {
    const { ts } = this;
    if (ts.isIdentifier(node)) return node.text === name;
    if (ts.isPrefixUnaryExpression(node)) {
      const isUpdate = node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken;
      return isUpdate && ts.isIdentifier(node.operand) && node.operand.text === name;
    }
    return (
      ts.isBinaryExpression(node) && isAssignment(ts, node) && ts.isIdentifier(node.left) && node.left.text === name
    );
  }

  /** The exported name if a statement is `exports.f = f` for a function or class `f` of the cell. */
  copiedDeclaration(statement: TypeScript.Statement): string | undefined {
    const { ts } = this;
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return undefined;
    const { left, right } = statement.expression;
    const name = this.exportedName(left);
    if (name === undefined || !ts.isIdentifier(right) || (right.text !== name && name !== "default")) return undefined;
    const declares = (node: TypeScript.Statement): boolean =>
      (ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)) && node.name?.text === right.text;
    return this.body.statements.some(declares) ? name : undefined;
  }

  /** The import if a statement is `exports.path = path_1.default`, by which tslab copies an imported name. */
  importAlias(statement: TypeScript.Statement): ExportedImport | undefined {
    const { ts } = this;
    if (!ts.isExpressionStatement(statement) || !ts.isBinaryExpression(statement.expression)) return undefined;
    const { left, right } = statement.expression;
    const name = this.exportedName(left);
    if (
      name === undefined ||
      this.shared.has(name) ||
      !ts.isPropertyAccessExpression(right) ||
      right.name.text !== "default" ||
      !ts.isIdentifier(right.expression)
    )
      return undefined;
    return /_\d+$/.test(right.expression.text) && this.top.declares(right.expression.text)
      ? { name, expression: right.getText(this.file) }
      : undefined;
  }

  /**
   * The import if a statement is
   * `Object.defineProperty(exports, "join", { enumerable: true, get: function () { return path_1.join; } })`.
   */
  importGetter(statement: TypeScript.Statement): ImportGetter | undefined {
    const { ts } = this;
    if (!ts.isExpressionStatement(statement) || !ts.isCallExpression(statement.expression)) return undefined;
    const call = statement.expression;
    const [target, name, descriptor] = call.arguments;
    if (
      call.expression.getText(this.file) !== "Object.defineProperty" ||
      call.arguments.length !== 3 ||
      target.getText(this.file) !== "exports"
    )
      return undefined;
    if (!ts.isStringLiteral(name) || !ts.isObjectLiteralExpression(descriptor)) return undefined;
    const read = descriptor.properties.find(
      (property): property is TypeScript.PropertyAssignment =>
        ts.isPropertyAssignment(property) && property.name.getText(this.file) === "get",
    )?.initializer;
    const returned = read !== undefined && ts.isFunctionExpression(read) ? read.body.statements.at(0) : undefined;
    if (
      read === undefined ||
      returned === undefined ||
      !ts.isReturnStatement(returned) ||
      returned.expression === undefined
    )
      return undefined;
    return { name: name.text, expression: returned.expression.getText(this.file), call, read };
  }

  /** Whether a statement `var E;` declares an enum or a namespace, whose members the next statements define. */
  fillsNamespace(statement: TypeScript.VariableStatement, next: TypeScript.Statement): boolean {
    const { ts } = this;
    const [{ name, initializer }] = statement.declarationList.declarations;
    if (initializer !== undefined || !ts.isIdentifier(name)) return false;
    const { statements } = this.body;
    const filler = statements
      .slice(statements.indexOf(next), statements.indexOf(next) + 2)
      .find((one) => ts.isExpressionStatement(one) && ts.isCallExpression(one.expression));
    const [argument] =
      filler !== undefined && ts.isExpressionStatement(filler) && ts.isCallExpression(filler.expression)
        ? filler.expression.arguments
        : [];
    return (
      argument !== undefined &&
      ts.isBinaryExpression(argument) &&
      argument.operatorToken.kind === ts.SyntaxKind.BarBarToken &&
      ts.isIdentifier(argument.left) &&
      argument.left.text === name.text
    );
  }
}

function isAssignment(ts: typeof TypeScript, node: TypeScript.BinaryExpression): boolean {
  return (
    node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment && node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}
