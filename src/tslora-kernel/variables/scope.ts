import type * as TypeScript from "typescript";

/** The names that a piece of JavaScript declares, and the scope around it. */
export class Scope {
  readonly #names: ReadonlySet<string>;
  readonly #outer: Scope | undefined;
  /** The scope in which `var` declares names. */
  readonly function: Scope;
  /** The scope of a function's parameters: they do not see the variables of its body. */
  readonly parameters: Scope;

  constructor(
    names: ReadonlySet<string>,
    {
      outer,
      isFunction,
      parameters,
    }: { readonly outer: Scope | undefined; readonly isFunction: boolean; readonly parameters?: Scope },
  ) {
    this.#names = names;
    this.#outer = outer;
    this.function = isFunction || outer === undefined ? this : outer.function;
    this.parameters = parameters ?? this;
  }

  declares(name: string): boolean {
    return this.#names.has(name);
  }

  /** The names of this scope and those around it, without the outermost one. */
  innerNames(): string[] {
    return this.#outer === undefined ? [] : [...this.#names, ...this.#outer.innerNames()];
  }

  /** The scope that declares a name; undefined if none does. */
  find(name: string): Scope | undefined {
    return this.#names.has(name) ? this : this.#outer?.find(name);
  }
}

/**
 * The scope inside a node: `outer` itself if the node declares nothing.
 *
 * @param outer - undefined for the outermost block, whose `var`s are its own
 */
export function scopeOf(ts: typeof TypeScript, node: TypeScript.Node, outer: Scope | undefined): Scope {
  if (outer === undefined)
    return new Scope(new Set([...blockNames(ts, node), ...varNames(ts, node)]), { outer, isFunction: true });
  if (ts.isFunctionLike(node)) {
    const own = ts.isFunctionExpression(node) && node.name !== undefined ? [node.name.text] : [];
    const parameters = new Scope(new Set([...own, ...node.parameters.flatMap(({ name }) => namesIn(ts, name))]), {
      outer,
      isFunction: true,
    });
    const { body } = node as TypeScript.FunctionLikeDeclaration;
    return new Scope(new Set(body === undefined ? [] : varNames(ts, body)), {
      outer: parameters,
      isFunction: true,
      parameters,
    });
  }
  if (ts.isClassStaticBlockDeclaration(node))
    return new Scope(new Set(varNames(ts, node.body)), { outer, isFunction: true });
  const names = ts.isClassLike(node) ? (node.name === undefined ? [] : [node.name.text]) : blockNames(ts, node);
  return names.length === 0 ? outer : new Scope(new Set(names), { outer, isFunction: false });
}

/** The names that a block, a loop's head or a catch clause declares. */
function blockNames(ts: typeof TypeScript, node: TypeScript.Node): string[] {
  if (ts.isBlock(node)) return node.statements.flatMap((statement) => statementNames(ts, statement));
  if (ts.isCaseBlock(node))
    return node.clauses.flatMap(({ statements }) => statements.flatMap((statement) => statementNames(ts, statement)));
  if (ts.isCatchClause(node))
    return node.variableDeclaration === undefined ? [] : namesIn(ts, node.variableDeclaration.name);
  if (!ts.isForStatement(node) && !ts.isForInStatement(node) && !ts.isForOfStatement(node)) return [];
  const { initializer } = node;
  return initializer !== undefined && ts.isVariableDeclarationList(initializer) && isBlockScoped(ts, initializer)
    ? listNames(ts, initializer)
    : [];
}

function statementNames(ts: typeof TypeScript, statement: TypeScript.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return isBlockScoped(ts, statement.declarationList) ? listNames(ts, statement.declarationList) : [];
  const isNamed = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
  return isNamed && statement.name !== undefined ? [statement.name.text] : [];
}

/** Names that `var` declares in a function's body, in any block. */
export function varNames(ts: typeof TypeScript, body: TypeScript.Node): string[] {
  const names: string[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node)) return;
    if (ts.isVariableDeclarationList(node) && !isBlockScoped(ts, node)) names.push(...listNames(ts, node));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(body, visit);
  return names;
}

function isBlockScoped(ts: typeof TypeScript, list: TypeScript.VariableDeclarationList): boolean {
  return (list.flags & ts.NodeFlags.BlockScoped) !== 0;
}

function listNames(ts: typeof TypeScript, list: TypeScript.VariableDeclarationList): string[] {
  return list.declarations.flatMap(({ name }) => namesIn(ts, name));
}

/** The names that a declaration binds. */
export function namesIn(ts: typeof TypeScript, name: TypeScript.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesIn(ts, element.name)));
}
