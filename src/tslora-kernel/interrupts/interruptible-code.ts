import type * as TypeScript from "typescript";

import { loadTypeScript } from "../../notebook/tslab/load-typescript";
import type { DeclaredAs } from "../variables/cell-variables";
import { sharedVariables, SHARED_PROLOGUE } from "../variables/shared-variables";
import { EditedText, type TextEdit } from "../source/text-edits";

/** A cell's code that can be interrupted and uses the shared variables. */
export interface InterruptibleCode {
  readonly code: EditedText;
  /** Whether the code has a top-level `await`. */
  readonly awaits: boolean;
  /** The shared variables that the code declares. */
  readonly declared: ReadonlyMap<string, DeclaredAs>;
  /** Whether the code mentions `eval` or `Function`. */
  readonly mayEvaluate: boolean;
}

/** Functions that the code calls; see `CellRuntime`. */
const DRIVE = "__tslab__.drive";
const GUARD = "__tslab__.guard";
const GUARD_EACH = "__tslab__.guardEach";

/**
 * tslab puts this text before the code (executor.js), so columns of the code's first line are shifted by its length.
 */
export const TSLAB_PREFIX = { async: "(async function(exports, require) { ", sync: "(function(exports, require) { " };

/**
 * Makes a cell interruptible at every `await`. A top-level `await` becomes the `yield` of an async generator, so the
 * kernel decides whether the cell continues. In a function of the cell, `await x` becomes `await guard(x)`. The code is
 * called `cell:NUMBER` in stacks, and reads and writes the variables that all cells share.
 *
 * @param javascript - the cell as tslab compiled it
 */
export function interruptibleCode(javascript: string, number: number): InterruptibleCode {
  const ts = loadTypeScript();
  const before = "(async function () {";
  const file = ts.createSourceFile(
    "cell.js",
    `${before}${javascript}\n})`,
    ts.ScriptTarget.ES2022,
    true,
    ts.ScriptKind.JS,
  );
  const edits: TextEdit[] = [];
  const replace = (start: number, end: number, text: string): void =>
    void edits.push({ start: start - before.length, end: end - before.length, text });
  let awaits = false;

  const visit = (node: TypeScript.Node, depth: number): void => {
    const top = depth === 1;
    if (ts.isAwaitExpression(node)) {
      awaits ||= top;
      replace(node.getStart(file), node.expression.getStart(file), top ? "(yield (" : `await ${GUARD}(`);
      replace(node.getEnd(), node.getEnd(), top ? "))" : ")");
    }
    if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) {
      awaits ||= top;
      replace(node.expression.getStart(file), node.expression.getStart(file), `${GUARD_EACH}(`);
      replace(node.expression.getEnd(), node.expression.getEnd(), ")");
    }
    ts.forEachChild(node, (child) =>
      visit(child, depth + (ts.isFunctionLike(node) || ts.isClassStaticBlockDeclaration(node) ? 1 : 0)),
    );
  };
  visit(file, 0);
  const body = bodyOf(ts, file);
  const shared = body === undefined ? undefined : sharedVariables(file, body);
  for (const { start, end, text } of shared?.edits ?? []) replace(start, end, text);

  edits.push({ start: 0, end: 0, text: SHARED_PROLOGUE });
  if (awaits) {
    edits.push({ start: 0, end: 0, text: `return ${DRIVE}((async function* () { ` });
    edits.push({ start: javascript.length, end: javascript.length, text: "\n}).call(this));" });
  }
  edits.push({ start: javascript.length, end: javascript.length, text: `\n//# sourceURL=cell:${number}` });
  return {
    code: new EditedText(javascript, edits),
    awaits,
    declared: shared?.declared ?? new Map(),
    mayEvaluate: shared?.mayEvaluate ?? false,
  };
}

/** The body of the function that wraps the code. */
function bodyOf(ts: typeof TypeScript, file: TypeScript.SourceFile): TypeScript.Block | undefined {
  const statement = file.statements.at(0);
  const outer = statement !== undefined && ts.isExpressionStatement(statement) ? statement.expression : undefined;
  const inner = outer !== undefined && ts.isParenthesizedExpression(outer) ? outer.expression : undefined;
  return inner !== undefined && ts.isFunctionExpression(inner) ? inner.body : undefined;
}
