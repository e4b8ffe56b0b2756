import type * as TypeScript from "typescript";

import { loadTypeScript } from "../../notebook/tslab/load-typescript";
import { varNames } from "./scope";

/**
 * Checks the argument of a direct call of `eval`, and returns it unchanged. A direct `eval` declares the `var`s and
 * functions of its text in the function around the call. The cell's own code would not see them, since it reads the
 * shared variable. So a declaration of a shared variable's name is refused.
 *
 * @param isShared - whether a name refers to a shared variable at the call of `eval`
 * @throws SyntaxError that names the variable
 */
export function checkEvaluated(code: unknown, isShared: (name: string) => boolean): unknown {
  if (typeof code !== "string" || !/\b(?:var|function)\b/.test(code)) return code;
  const ts = loadTypeScript();
  const file = ts.createSourceFile("eval.js", code, ts.ScriptTarget.ES2022, true, ts.ScriptKind.JS);
  const name = isStrict(ts, file) ? undefined : declaredNames(ts, file).find(isShared);
  if (name === undefined) return code;
  throw new SyntaxError(
    `eval must not declare ${name} by var or function, since the cells have a variable of this name. Assign to it without var.`,
  );
}

/** Whether a text begins with "use strict": its declarations are local to it. */
function isStrict(ts: typeof TypeScript, file: TypeScript.SourceFile): boolean {
  const first = file.statements.at(0);
  return (
    first !== undefined &&
    ts.isExpressionStatement(first) &&
    ts.isStringLiteral(first.expression) &&
    first.expression.text === "use strict"
  );
}

function declaredNames(ts: typeof TypeScript, file: TypeScript.SourceFile): string[] {
  const functions = file.statements.flatMap((statement) =>
    ts.isFunctionDeclaration(statement) && statement.name !== undefined ? [statement.name.text] : [],
  );
  return [...varNames(ts, file), ...functions];
}
