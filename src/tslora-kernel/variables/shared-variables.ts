import type * as TypeScript from "typescript";

import { loadTypeScript } from "../../notebook/tslab/load-typescript";
import { CellExports } from "./cell-exports";
import type { DeclaredAs } from "./cell-variables";
import { namesIn, scopeOf, type Scope } from "./scope";
import type { TextEdit } from "../source/text-edits";

/** The name of the object that holds the variables of all cells. Cells must not use this name themselves. */
const CELLS = "__cells__";

/**
 * Code that is put before a cell's code. It replaces tslab's `exports`, a slow proxy, by the object of the variables.
 */
export const SHARED_PROLOGUE = `const ${CELLS} = __tslab__.variables; exports = ${CELLS}; `;

/** Matches a called variable at the end of a text. */
export const SHARED_CALLEE = new RegExp(`\\(0, ${CELLS}\\.[\\p{ID_Continue}$]+\\)$`, "u");

/** A cell that uses the shared variables. */
export interface SharedCell {
  /** Edits of the file's text. */
  readonly edits: readonly TextEdit[];
  /** The shared variables that this cell declares. */
  readonly declared: ReadonlyMap<string, DeclaredAs>;
  /** Whether the cell mentions `eval` or `Function`. */
  readonly mayEvaluate: boolean;
}

/**
 * Makes each top-level name one variable for all cells. tslab gives a cell a local variable and copies its value to
 * `exports`. Later cells read and write that copy, so functions of the first cell never see their writes. Here each
 * variable is a property of one object, wherever it is read, written or declared: `let count = 1` becomes
 * `__cells__.count = 1`, and `count++` in a function becomes `__cells__.count++`. If a cell declares a name again, the
 * variable stays the same and gets a new value, as in Node's REPL. Inner variables of the same name are unchanged.
 *
 * @param file - the compiled cell (CommonJS), wrapped in one function
 * @param body - that function's body
 */
export function sharedVariables(file: TypeScript.SourceFile, body: TypeScript.Block): SharedCell {
  return new Rewriting(loadTypeScript(), file, body).rewritten();
}

class Rewriting {
  readonly #edits: TextEdit[] = [];
  /** Edits that insert closing text. Where two edits are at one place, these come last. */
  readonly #closing: TextEdit[] = [];
  readonly #top: Scope;
  readonly #exports: CellExports;
  #mayEvaluate = false;

  constructor(
    private readonly ts: typeof TypeScript,
    private readonly file: TypeScript.SourceFile,
    private readonly body: TypeScript.Block,
  ) {
    this.#top = scopeOf(ts, body, undefined);
    this.#exports = new CellExports(ts, file, body, this.#top);
  }

  rewritten(): SharedCell {
    for (const [index, statement] of this.body.statements.entries())
      this.#topStatement(statement, this.body.statements.at(index + 1));
    return {
      edits: [...this.#edits, ...this.#closing],
      declared: this.#exports.declared(),
      mayEvaluate: this.#mayEvaluate,
    };
  }

  #topStatement(statement: TypeScript.Statement, next: TypeScript.Statement | undefined): void {
    const { ts } = this;
    if (ts.isExpressionStatement(statement) && this.#exports.isHoistedReset(statement.expression)) {
      // without the reset, a variable of an earlier cell keeps its value until this cell declares it again
      this.#replace(statement, ";");
      return;
    }
    const getter = this.#exports.importGetter(statement);
    if (getter !== undefined) {
      this.#edits.push({
        start: this.#start(getter.call),
        end: this.#start(getter.read),
        text: `__tslab__.live(${JSON.stringify(getter.name)}, `,
      });
      this.#edits.push({ start: getter.read.getEnd(), end: getter.call.getEnd(), text: ")" });
      return;
    }
    if (this.#exports.importAlias(statement) !== undefined) return;
    const copied = this.#exports.copiedDeclaration(statement);
    if (copied !== undefined) return; // `exports.f = f` already stores the function or class in the shared object
    const isNamespace =
      ts.isVariableStatement(statement) && next !== undefined && this.#exports.fillsNamespace(statement, next);
    if (ts.isVariableStatement(statement)) this.#declarationList(statement.declarationList, this.#top, isNamespace);
    else this.#visit(statement, this.#top);
  }

  #declarationList(list: TypeScript.VariableDeclarationList, scope: Scope, isNamespace = false): void {
    if (this.#declaresShared(list, scope)) this.#declare(list, scope, isNamespace);
    else this.#children(list, scope);
  }

  #visit(node: TypeScript.Node, scope: Scope): void {
    const { ts } = this;
    if (ts.isVariableDeclarationList(node)) return this.#declarationList(node, scope);
    if (ts.isIdentifier(node)) return this.#reference(node, scope);
    if (ts.isBinaryExpression(node)) return this.#binary(node, scope);
    if (ts.isCallExpression(node)) this.#evalCall(node, scope);
    const shared = ts.isPropertyAccessExpression(node) ? this.#sharedNameOf(node, scope) : undefined;
    if (shared !== undefined)
      return void this.#replace(node, isCallee(ts, node) ? `(0, ${CELLS}.${shared})` : `${CELLS}.${shared}`);
    this.#children(node, scope);
  }

  /** The name of the shared variable that an expression such as `path_1.join` or `exports.count` refers to. */
  #sharedNameOf(node: TypeScript.PropertyAccessExpression, scope: Scope): string | undefined {
    if (!this.ts.isIdentifier(node.expression)) return undefined;
    const owner = scope.find(node.expression.text);
    if (owner === this.#top) return this.#exports.imports.get(node.getText(this.file));
    return owner === undefined ? this.#exports.exportedName(node) : undefined;
  }

  #children(node: TypeScript.Node, scope: Scope): void {
    const { ts } = this;
    const inner = scopeOf(ts, node, scope);
    ts.forEachChild(node, (child) => {
      if (!this.#isOnlyName(child, node))
        this.#visit(child, ts.isFunctionLike(node) && "body" in node && child !== node.body ? inner.parameters : inner);
    });
  }

  /** Whether an identifier is the name of a declaration, a label or a property, and so does not refer to a variable. */
  #isOnlyName(child: TypeScript.Node, parent: TypeScript.Node): boolean {
    const { ts } = this;
    if (!ts.isIdentifier(child)) return false;
    if (ts.isPropertyAccessExpression(parent) || ts.isMetaProperty(parent)) return parent.name === child;
    if (
      ts.isPropertyAssignment(parent) ||
      ts.isMethodDeclaration(parent) ||
      ts.isAccessor(parent) ||
      ts.isPropertyDeclaration(parent)
    )
      return parent.name === child;
    if (ts.isBindingElement(parent)) return parent.name === child || parent.propertyName === child;
    if (ts.isVariableDeclaration(parent) || ts.isParameter(parent)) return parent.name === child;
    if (ts.isFunctionLike(parent) || ts.isClassLike(parent)) return "name" in parent && parent.name === child;
    return ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent);
  }

  /** Passes the argument of a direct `eval`, and the names of inner variables around it, to the kernel. */
  #evalCall(node: TypeScript.CallExpression, scope: Scope): void {
    const { ts } = this;
    const [code] = node.arguments;
    if (!ts.isIdentifier(node.expression) || node.expression.text !== "eval" || scope.find("eval") !== undefined)
      return;
    if (code === undefined || ts.isSpreadElement(code) || isInClass(ts, node)) return; // code in a class is strict
    const inner = scope.innerNames().map((name) => `, ${JSON.stringify(name)}`);
    this.#edits.push({ start: this.#start(code), end: this.#start(code), text: "__tslab__.evaluated(" });
    this.#closing.push({ start: code.getEnd(), end: code.getEnd(), text: `${inner.join("")})` });
  }

  #reference(node: TypeScript.Identifier, scope: Scope): void {
    if (node.text === "eval" || node.text === "Function") this.#mayEvaluate = true;
    if (!this.#isShared(node.text, scope)) return;
    const { ts } = this;
    const variable = `${CELLS}.${node.text}`;
    // in `{ a = b }`, the parent of both `a` and `b` is the shorthand property
    const isShort = ts.isShorthandPropertyAssignment(node.parent) && node.parent.name === node;
    if (isShort) this.#replace(node, `${node.text}: ${variable}`);
    else this.#replace(node, isCallee(ts, node) ? `(0, ${variable})` : variable);
  }

  #binary(node: TypeScript.BinaryExpression, scope: Scope): void {
    const { ts } = this;
    const isAssignment = node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
    const copied = isAssignment ? this.#exports.exportedName(node.left) : undefined;
    if (copied !== undefined && this.#isShared(copied, scope) && this.#exports.writes(node.right, copied)) {
      // tslab copies each new value to `exports`; this removes the copy
      this.#edits.push({ start: this.#start(node.left), end: this.#start(node.right), text: "" });
      return this.#visit(node.right, scope);
    }
    const givesName =
      isAssignment ||
      [
        ts.SyntaxKind.BarBarEqualsToken,
        ts.SyntaxKind.AmpersandAmpersandEqualsToken,
        ts.SyntaxKind.QuestionQuestionEqualsToken,
      ].includes(node.operatorToken.kind);
    const target =
      ts.isIdentifier(node.left) && this.#isShared(node.left.text, scope)
        ? node.left.text
        : this.#exports.exportedName(node.left);
    this.#visit(node.left, scope);
    if (givesName && target !== undefined) this.#visitNamingFunctions(target, node.right, scope);
    else this.#visit(node.right, scope);
  }

  /**
   * Visits a variable's new value. Gives an anonymous function or class the variable's name: `f = () => 1` names the
   * function, but `__cells__.f = () => 1` does not.
   */
  #visitNamingFunctions(name: string, value: TypeScript.Expression, scope: Scope): void {
    const { ts } = this;
    let inside = value;
    while (ts.isParenthesizedExpression(inside)) inside = inside.expression;
    const isAnonymous =
      ts.isArrowFunction(inside) ||
      ((ts.isFunctionExpression(inside) || ts.isClassExpression(inside)) && inside.name === undefined);
    if (isAnonymous) this.#edits.push({ start: this.#start(value), end: this.#start(value), text: `{ ${name}: ` });
    this.#visit(value, scope);
    if (isAnonymous) this.#closing.push({ start: value.getEnd(), end: value.getEnd(), text: ` }.${name}` });
  }

  #declaresShared(list: TypeScript.VariableDeclarationList, scope: Scope): boolean {
    const names = list.declarations.flatMap(({ name }) => namesIn(this.ts, name));
    const owner = list.flags & this.ts.NodeFlags.BlockScoped ? scope : scope.function;
    return owner === this.#top && names.some((name) => this.#exports.shared.has(name));
  }

  /**
   * Converts declarations to assignments: `let a = 1, b, { c } = d` becomes
   * `__cells__.a = 1, __cells__.b = void 0, ({ c: __cells__.c } = d)`. If it were `var`, `b` would be left out: `var`
   * without a value keeps the variable's value.
   */
  #declare(list: TypeScript.VariableDeclarationList, scope: Scope, isNamespace: boolean): void {
    const { ts } = this;
    const isVar = (list.flags & ts.NodeFlags.BlockScoped) === 0;
    const isHead = ts.isForInStatement(list.parent) || ts.isForOfStatement(list.parent);
    const kept = list.declarations.filter(
      ({ initializer }) => isHead || initializer !== undefined || !isVar || isNamespace,
    );
    if (kept.length === 0) return void this.#replace(list, "");
    let at = this.#start(list); // the end of what is converted so far
    for (const [index, declaration] of kept.entries()) {
      // replaces `let`, or what is between two declarations that are kept
      this.#edits.push({ start: at, end: this.#start(declaration), text: index === 0 ? "" : ", " });
      this.#declareOne(declaration, scope, isHead);
      at = declaration.getEnd();
    }
    if (at < list.getEnd()) this.#edits.push({ start: at, end: list.getEnd(), text: "" });
  }

  /** Converts one declaration to an assignment; in the head of `for … of` or `for … in`, to its target alone. */
  #declareOne(declaration: TypeScript.VariableDeclaration, scope: Scope, isHead: boolean): void {
    const { ts } = this;
    const { name, initializer } = declaration;
    const [start, end] = [this.#start(declaration), declaration.getEnd()];
    const isObject = ts.isObjectBindingPattern(name) && !isHead;
    if (isObject) this.#edits.push({ start, end: start, text: "(" });
    if (ts.isIdentifier(name)) this.#replace(name, `${CELLS}.${name.text}`);
    else this.#pattern(name, scope);
    if (initializer === undefined && !isHead) this.#closing.push({ start: end, end, text: " = void 0" });
    this.#initializer(name, initializer, scope);
    if (isObject) this.#closing.push({ start: end, end, text: ")" });
  }

  /** Converts a pattern of a declaration to one of an assignment. */
  #pattern(pattern: TypeScript.BindingPattern, scope: Scope): void {
    const { ts } = this;
    for (const element of pattern.elements) {
      if (ts.isOmittedExpression(element)) continue;
      const { name, propertyName, initializer, dotDotDotToken } = element;
      if (propertyName !== undefined && ts.isComputedPropertyName(propertyName))
        this.#visit(propertyName.expression, scope);
      if (!ts.isIdentifier(name)) this.#pattern(name, scope);
      else {
        const isShort =
          ts.isObjectBindingPattern(pattern) && propertyName === undefined && dotDotDotToken === undefined;
        this.#replace(name, `${isShort ? `${name.text}: ` : ""}${CELLS}.${name.text}`);
      }
      this.#initializer(name, initializer, scope);
    }
  }

  /** Visits the value of a declaration, or a default in a pattern. */
  #initializer(name: TypeScript.BindingName, value: TypeScript.Expression | undefined, scope: Scope): void {
    if (value === undefined) return;
    if (this.ts.isIdentifier(name)) this.#visitNamingFunctions(name.text, value, scope);
    else this.#visit(value, scope);
  }

  #isShared(name: string, scope: Scope): boolean {
    return this.#exports.shared.has(name) && scope.find(name) === this.#top;
  }

  #start(node: TypeScript.Node): number {
    return node.getStart(this.file);
  }

  #replace(node: TypeScript.Node, text: string): void {
    this.#edits.push({ start: this.#start(node), end: node.getEnd(), text });
  }
}

/** Whether a node is the callee of a call. Then `(0, …)` around it is needed: a variable is called without `this`. */
function isCallee(ts: typeof TypeScript, node: TypeScript.Node): boolean {
  const { parent } = node;
  return (
    (ts.isCallExpression(parent) && parent.expression === node) ||
    (ts.isTaggedTemplateExpression(parent) && parent.tag === node)
  );
}

function isInClass(ts: typeof TypeScript, node: TypeScript.Node): boolean {
  for (let around = node.parent as TypeScript.Node | undefined; around !== undefined; around = around.parent)
    if (ts.isClassLike(around)) return true;
  return false;
}
