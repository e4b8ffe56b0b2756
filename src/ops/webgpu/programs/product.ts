import type { Activation } from "../../ops";
import { activationCode } from "./activation";
import { DRAW_UNIFORMS, DRAWS } from "./draws";
import type { Program } from "./program";

/** Whether the operands of a product are transposed. */
export interface PairForm {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** The form of {@link productProgram}. */
export interface ProductForm {
  readonly pairs: readonly PairForm[];
  /** Number of addends. */
  readonly plus: number;
  readonly bias: boolean;
  readonly times: boolean;
  /** Dropout of the first pair's left or right operand, or of the result. */
  readonly dropout?: "a" | "b" | "y" | undefined;
  readonly activation?: Activation | undefined;
  /** Whether `slope` receives the activation's derivative. */
  readonly derivative: boolean;
  /** Rows and columns that one index computes, in registers. */
  readonly tile: Tile;
}

/** Rows and columns of a block. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

/**
 * y = activation((scale * sum of a b over all pairs + bias + plus + ...) * times) for batches of matrices; one index
 * for each tile of y. Every invocation reads its operands from memory and keeps its sums in registers: no workgroup
 * memory, no barriers.
 */
export function productProgram(form: ProductForm): Program {
  const { pairs, plus, bias, times, dropout, activation, derivative, tile } = form;
  const named = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  const names = [
    ...pairs.flatMap((_, i) => [`a${i}`, `b${i}`]),
    ...(bias ? ["bias"] : []),
    ...named("plus", plus),
    ...(times ? ["times"] : []),
  ];
  return {
    key: `product ${JSON.stringify({ pairs, plus, bias, times, dropout, activation, derivative, tile })}`,
    outputs: derivative ? ["y", "slope"] : ["y"],
    inputs: Object.fromEntries(names.map((name) => [name, "f32"] as const)),
    uniforms: {
      rows: "i32",
      columns: "i32",
      scale: "f32",
      ...Object.fromEntries(named("inner", pairs.length).map((name) => [name, "i32"] as const)),
      ...(dropout === undefined ? {} : DRAW_UNIFORMS),
    },
    code: () => `
      ${dropout === undefined ? "" : DRAWS}
      ${activation === undefined ? "" : activationCode(activation, { derivative })}
      ${finishCode(form)}
      ${tileCode(form)}`,
  };
}

/** WGSL of `finish(sum, i, column)`, which writes the result for a sum of products. */
function finishCode({ plus, bias, times, dropout, activation, derivative }: ProductForm): string {
  const addends = ["sum * uniforms.scale", ...(bias ? ["bias[column]"] : [])];
  for (let i = 0; i < plus; i++) addends.push(`plus${i}[i]`);
  const value = `(${addends.join(" + ")})${times ? " * times[i]" : ""}`;
  return `
    fn finish(sum : f32, i : i32, column : i32) {
      let value = ${dropout === "y" ? `dropped(${value}, i)` : value};
      y[i] = ${activation === undefined ? "value" : "activated(value)"};
      ${derivative ? "slope[i] = activationSlope(value);" : ""}
    }`;
}

function tileCode({ pairs, dropout, tile }: ProductForm): string {
  const [rows, columns] = [tile.rows, tile.columns].map((size) => Array.from({ length: size }, (_, i) => i));
  const vector = tile.columns === 1 ? "f32" : `vec${tile.columns}<f32>`;
  const sums = pairs.map(({ transposeA, transposeB }, p) => {
    const inner = `uniforms.inner${p}`;
    // A row or column beyond the last one reads the last one, and its sum is not written.
    const startA = (r: number): string =>
      `batch * uniforms.rows * ${inner} + min(row + ${r}, uniforms.rows - 1)${transposeA ? "" : ` * ${inner}`}`;
    const startB = (c: number): string =>
      `batch * uniforms.columns * ${inner} + min(column + ${c}, uniforms.columns - 1)${transposeB ? ` * ${inner}` : ""}`;
    const read = (side: "a" | "b", start: string, isAlong: boolean): string => {
      const i = isAlong ? `${start} + k` : `${start} + k * uniforms.${side === "a" ? "rows" : "columns"}`;
      return p === 0 && dropout === side ? `dropped(${side}${p}[${i}], ${i})` : `${side}${p}[${i}]`;
    };
    return `{
      ${rows.map((r) => `let atA${r} = ${startA(r)};`).join("\n")}
      ${columns.map((c) => `let atB${c} = ${startB(c)};`).join("\n")}
      for (var k = 0; k < ${inner}; k++) {
        let right = ${vector}(${columns.map((c) => read("b", `atB${c}`, transposeB)).join(", ")});
        ${rows.map((r) => `sum${r} += ${read("a", `atA${r}`, !transposeA)} * right;`).join("\n")}
      }
    }`;
  });
  const finished = rows.map(
    (r) => `
      if (row + ${r} < uniforms.rows) {
        let i = (batch * uniforms.rows + row + ${r}) * uniforms.columns + column;
        ${columns
          .map(
            (c) =>
              `if (column + ${c} < uniforms.columns) { finish(sum${r}${columns.length === 1 ? "" : `[${c}]`}, i + ${c}, column + ${c}); }`,
          )
          .join("\n")}
      }`,
  );
  return `
    fn compute(index : i32, lane : i32) {
      let across = (uniforms.columns + ${tile.columns - 1}) / ${tile.columns};
      let down = (uniforms.rows + ${tile.rows - 1}) / ${tile.rows};
      let column = index % across * ${tile.columns};
      let row = index / across % down * ${tile.rows};
      let batch = index / across / down;
      ${rows.map((r) => `var sum${r} = ${vector}(0.0);`).join("\n")}
      ${sums.join("\n")}
      ${finished.join("\n")}
    }`;
}
