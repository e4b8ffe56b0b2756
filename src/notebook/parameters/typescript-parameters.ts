import type * as TypeScript from "typescript";

import { loadTypeScript } from "../tslab/load-typescript";
import type { NotebookParameter, ParameterShape } from "./parameter-shape";

/**
 * The parameters of a TypeScript or JavaScript cell: its top-level `const`, `let` and `var` with a name and a default.
 */
export function typescriptParameters(source: string): NotebookParameter[] {
  const ts = loadTypeScript();
  const file = ts.createSourceFile("parameters.ts", source, ts.ScriptTarget.ES2022, true);
  const aliases = new Map(
    file.statements.filter(ts.isTypeAliasDeclaration).map((alias) => [alias.name.text, alias.type]),
  );
  return file.statements.filter(ts.isVariableStatement).flatMap((statement) => {
    const { declarations, flags } = statement.declarationList;
    const keyword = (flags & ts.NodeFlags.Const) !== 0 ? "const" : (flags & ts.NodeFlags.Let) !== 0 ? "let" : "var";
    return declarations.flatMap((declaration): NotebookParameter[] => {
      const { name, type, initializer } = declaration;
      if (!ts.isIdentifier(name) || initializer === undefined) return [];
      const shape = type === undefined ? shapeOfDefault(ts, initializer) : shapeOfType(ts, type, aliases);
      const written = type?.getText(file);
      return [
        {
          name: name.text,
          type: written ?? typeName(shape),
          default: initializer.getText(file),
          comment: commentOf(ts, source, declarations.length === 1 ? statement : declaration),
          shape,
          assign: (literal) => `${keyword} ${name.text}${written === undefined ? "" : `: ${written}`} = ${literal};`,
        },
      ];
    });
  });
}

function shapeOfType(
  ts: typeof TypeScript,
  type: TypeScript.TypeNode,
  aliases: ReadonlyMap<string, TypeScript.TypeNode>,
  depth = 0,
): ParameterShape {
  const inner = (node: TypeScript.TypeNode): ParameterShape => shapeOfType(ts, node, aliases, depth + 1);
  if (depth > 20) return { kind: "any" };
  if (ts.isParenthesizedTypeNode(type)) return inner(type.type);
  if (ts.isTypeOperatorNode(type))
    return type.operator === ts.SyntaxKind.ReadonlyKeyword ? inner(type.type) : { kind: "any" };
  if (ts.isArrayTypeNode(type)) return { kind: "array", of: inner(type.elementType) };
  if (ts.isTupleTypeNode(type)) return shapeOfTuple(ts, type, inner);
  if (ts.isUnionTypeNode(type)) return { kind: "union", of: type.types.map(inner) };
  // `string & {}` is a string; editors still complete the literals of its union
  if (ts.isIntersectionTypeNode(type))
    return type.types.map(inner).find((part) => part.kind === "string") ?? { kind: "any" };
  if (ts.isLiteralTypeNode(type)) return shapeOfLiteral(ts, type.literal);
  if (ts.isTypeLiteralNode(type)) {
    const fields = type.members.filter(ts.isPropertySignature).map((member) => {
      const shape: ParameterShape = member.type === undefined ? { kind: "any" } : inner(member.type);
      return [
        ts.isIdentifier(member.name) || ts.isStringLiteral(member.name) ? member.name.text : member.name.getText(),
        { shape, optional: member.questionToken !== undefined },
      ] as const;
    });
    return { kind: "object", fields: new Map(fields) };
  }
  if (ts.isTypeReferenceNode(type) && ts.isIdentifier(type.typeName)) {
    const { text } = type.typeName;
    const [first, second] = type.typeArguments ?? [];
    if ((text === "Array" || text === "ReadonlyArray") && first !== undefined)
      return { kind: "array", of: inner(first) };
    if ((text === "Set" || text === "ReadonlySet") && first !== undefined) return { kind: "set", of: inner(first) };
    if (text === "Record" && second !== undefined) return { kind: "record", of: inner(second) };
    if (text === "Readonly" && first !== undefined) return inner(first);
    const alias = aliases.get(text);
    return alias === undefined ? { kind: "any" } : inner(alias);
  }
  if (type.kind === ts.SyntaxKind.StringKeyword) return { kind: "string" };
  if (type.kind === ts.SyntaxKind.NumberKeyword) return { kind: "number" };
  if (type.kind === ts.SyntaxKind.BigIntKeyword) return { kind: "bigint" };
  if (type.kind === ts.SyntaxKind.BooleanKeyword) return { kind: "boolean" };
  if (type.kind === ts.SyntaxKind.UndefinedKeyword) return { kind: "undefined" };
  return { kind: "any" }; // an imported type: tslab checks it in the injected cell
}

/** The shape of `[number, string]` or `[number, ...string[]]`; a tuple with other parts takes any value. */
function shapeOfTuple(
  ts: typeof TypeScript,
  tuple: TypeScript.TupleTypeNode,
  inner: (node: TypeScript.TypeNode) => ParameterShape,
): ParameterShape {
  const parts = tuple.elements.map((element) =>
    ts.isNamedTupleMember(element) && element.questionToken === undefined && element.dotDotDotToken === undefined
      ? element.type
      : element,
  );
  const last = parts.at(-1);
  const rest = last !== undefined && ts.isRestTypeNode(last) ? inner(last.type) : undefined;
  const first = rest === undefined ? parts : parts.slice(0, -1);
  if (first.some((part) => ts.isRestTypeNode(part) || ts.isOptionalTypeNode(part) || ts.isNamedTupleMember(part)))
    return { kind: "any" };
  return { kind: "tuple", of: first.map(inner), ...(rest?.kind === "array" && { rest: rest.of }) };
}

function shapeOfLiteral(ts: typeof TypeScript, literal: TypeScript.Node): ParameterShape {
  if (ts.isStringLiteralLike(literal)) return { kind: "literal", value: literal.text };
  if (/^-?\s*\d+n$/.test(literal.getText())) return { kind: "bigint" }; // a literal type such as 5n
  if (ts.isNumericLiteral(literal) || ts.isPrefixUnaryExpression(literal))
    return { kind: "literal", value: Number(literal.getText()) };
  if (literal.kind === ts.SyntaxKind.TrueKeyword || literal.kind === ts.SyntaxKind.FalseKeyword)
    return { kind: "literal", value: literal.kind === ts.SyntaxKind.TrueKeyword };
  return literal.kind === ts.SyntaxKind.NullKeyword ? { kind: "null" } : { kind: "any" };
}

/** The widened type of a default without an annotation. */
function shapeOfDefault(ts: typeof TypeScript, value: TypeScript.Expression): ParameterShape {
  if (ts.isParenthesizedExpression(value) || ts.isSatisfiesExpression(value))
    return shapeOfDefault(ts, value.expression);
  if (ts.isStringLiteralLike(value) || ts.isTemplateExpression(value)) return { kind: "string" };
  if (ts.isNumericLiteral(value)) return { kind: "number" };
  if (ts.isBigIntLiteral(value)) return { kind: "bigint" };
  if (ts.isCallExpression(value) && value.expression.getText() === "BigInt") return { kind: "bigint" };
  if (ts.isIdentifier(value) && (value.text === "NaN" || value.text === "Infinity")) return { kind: "number" };
  if (ts.isPrefixUnaryExpression(value))
    return value.operator === ts.SyntaxKind.ExclamationToken ? { kind: "boolean" } : shapeOfDefault(ts, value.operand);
  if (value.kind === ts.SyntaxKind.TrueKeyword || value.kind === ts.SyntaxKind.FalseKeyword) return { kind: "boolean" };
  if (ts.isNewExpression(value) && value.expression.getText() === "Set") {
    const items = value.arguments?.at(0);
    const shape = items === undefined ? undefined : shapeOfDefault(ts, items);
    return { kind: "set", of: shape?.kind === "array" ? shape.of : { kind: "any" } };
  }
  if (ts.isArrayLiteralExpression(value)) {
    const shapes = value.elements.map((element) => shapeOfDefault(ts, element));
    return { kind: "array", of: shapes.length === 0 ? { kind: "any" } : { kind: "union", of: shapes } };
  }
  if (ts.isBinaryExpression(value) && value.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken)
    return shapeOfDefault(ts, value.right);
  return { kind: "any" };
}

function typeName(shape: ParameterShape): string {
  if (shape.kind === "union") return [...new Set(shape.of.map(typeName))].join(" | ");
  if (shape.kind === "array") return `${typeName(shape.of)}[]`;
  if (shape.kind === "set") return `Set<${typeName(shape.of)}>`;
  return shape.kind;
}

/** The comment after a declaration on its line, or those right above it. */
function commentOf(ts: typeof TypeScript, source: string, node: TypeScript.Node): string {
  const behind = ts.getTrailingCommentRanges(source, node.getEnd());
  const above = ts.getLeadingCommentRanges(source, node.getFullStart());
  return (behind ?? above ?? [])
    .map(({ pos, end }) =>
      source
        .slice(pos, end)
        .replace(/^\/\/\s?|^\/\*+\s?|\s*\*+\/$/g, "")
        .replace(/\n\s*\*\s?/g, " ")
        .trim(),
    )
    .join(" ");
}
