import type * as TypeScript from "typescript";

import { loadTypeScript } from "../notebook/tslab/load-typescript";
import type { TslabInfo } from "./tslab";

/** Asks TypeScript for information about the name at a place. */
export type Inspect = (source: string, position: number) => TslabInfo | undefined;

/**
 * Returns the signature and the TSDoc, with its tags, of the name at a place or right before it. If there is no name,
 * and the place is between the brackets of a call, returns those of the called function.
 */
export function describeName(source: string, position: number, inspect: Inspect): string | undefined {
  for (const place of places(source, position)) {
    const info = inspect(source, place);
    if (info !== undefined) return written(info);
  }
  return undefined;
}

function* places(source: string, position: number): Generator<number> {
  yield position;
  if (position > 0 && /[\p{ID_Continue}$]/u.test(source[position - 1])) yield position - 1;
  const ts = loadTypeScript();
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  const callees: number[] = [];
  const visit = (node: TypeScript.Node): void => {
    if (node.getEnd() < position || node.getFullStart() > position) return;
    if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && position > node.expression.getEnd()) {
      const { expression } = node;
      callees.unshift((ts.isPropertyAccessExpression(expression) ? expression.name : expression).getStart(file));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  yield* callees;
}

function written({ displayParts = [], documentation = [], tags = [] }: TslabInfo): string {
  const text = (parts: TslabInfo["displayParts"]): string => (parts ?? []).map((part) => part.text).join("");
  const lines = tags.map((tag) => `@${tag.name} ${text(tag.text)}`.trimEnd());
  return [text(displayParts), text(documentation), lines.join("\n")].filter((part) => part !== "").join("\n\n");
}
