import assert from "node:assert/strict";
import { test } from "node:test";

import { seededPrograms, runAsScript } from "./random-programs";
import { contents, errorOf, execute, printed, sharedKernel } from "./kernel-client";

const inKernel = sharedKernel();

/** Cells one after the other, and what the last one prints. */
const CASES: readonly { readonly title: string; readonly cells: readonly string[]; readonly printed: string }[] = [
  {
    title: "a write in a later cell is seen by an earlier cell's function",
    cells: ["let count = 1; function current() { return count }", "count = 5; console.log(count, current())"],
    printed: "5 5\n",
  },
  {
    title: "and the other way round",
    cells: ["let n1 = 1; const bump = () => { n1++; };", "bump(); console.log(n1); bump();", "console.log(n1)"],
    printed: "3\n",
  },
  {
    title: "updates and compound assignments",
    cells: [
      "let u = 2; let t = 'a'; let m: number | undefined; const all = () => [u, t, m];",
      "u++; ++u; u += 3; u **= 2; u--; t += 'b'; m ??= 4; m ||= 5; m &&= 6; console.log(...all(), u++, u)",
    ],
    printed: "48 ab 6 48 49\n",
  },
  {
    title: "destructuring assignment of arrays and objects, nested, with defaults and rest",
    cells: [
      "let a1 = 1, b1 = 2, c1 = [0], d1: any = 0; const seen = () => JSON.stringify([a1, b1, c1, d1]);",
      "[a1, , b1 = 7, ...c1] = [b1, 0, undefined, 8, 9] as number[]; ({ x: { d1 } } = { x: { d1: 4 } }); console.log(seen())",
    ],
    printed: "[2,7,[8,9],4]\n",
  },
  {
    title: "a swap",
    cells: [
      "let left = 1, right = 2; const pair = () => `${left}${right}`",
      "[left, right] = [right, left]; console.log(pair())",
    ],
    printed: "21\n",
  },
  {
    title: "heads of loops",
    cells: [
      "let k1 = '', v1 = 0; const both = () => k1 + v1;",
      "for (v1 of [1, 2, 3]); for (k1 in { p: 0, q: 0 }); console.log(both()); for (v1 = 10; v1 < 12; v1++); console.log(both()); for await (v1 of [Promise.resolve(7)]); console.log(both())",
    ],
    printed: "q3\nq12\nq7\n",
  },
  {
    title: "classes: methods, static blocks, fields, computed names",
    cells: [
      "let s1 = 0; class Counter { static made = 0; field = s1; static { s1 += 10; } make() { s1++; Counter.made++; return new Counter(); } get [`v${s1}`]() { return s1; } }",
      "s1 = 100; const made = new Counter().make(); console.log(s1, made.field, Counter.made, (made as any).v0)",
    ],
    printed: "101 101 1 101\n",
  },
  {
    title: "async functions, generators and what awaits",
    cells: [
      "let w = 1; async function wait() { await 0; w++; return w; } function* gen() { yield w; w *= 2; yield w; }",
      "w = 5; console.log(await wait(), [...gen()], w); const got = await Promise.all([wait(), wait()]); console.log(got, w)",
    ],
    printed: "6 [ 6, 12 ] 12\n[ 13, 14 ] 14\n",
  },
  {
    title: "typeof, shorthand and templates",
    cells: [
      "let y1 = 1; const obj = () => ({ y1, get: () => y1, text: `${y1}` });",
      "y1 = 2; const o1 = obj(); y1 = 3; console.log(typeof y1, o1.y1, o1.get(), o1.text, `${obj().text}`)",
    ],
    printed: "number 2 3 2 3\n",
  },
  {
    title: "inner variables of the same name are left alone",
    cells: [
      "let sh = 1; const outer = () => sh;",
      "function f1(sh: number) { sh++; { let sh = 50; sh++; } try { throw 9; } catch (sh) { sh = 10; } for (let sh = 0; sh < 2; sh++); const g = ([sh]: number[], { q: q = sh }: { q?: number }) => sh + q; class sh2 { sh = 3; } return sh + g([1], {}) + new sh2().sh; }\nlabel: for (;;) { break label; }\nconst sh3 = { sh: 4 }; const { sh: inner } = sh3;\nconsole.log(f1(1), outer(), inner, (function sh(): string { return typeof sh; })())",
    ],
    printed: "7 1 4 function\n",
  },
  {
    title: "parameters' defaults see the variable, not what the body declares",
    cells: [
      "let pd = 1;",
      "pd = 2; function withDefault(x = pd) { var pd = 9; return [x, pd]; } console.log(withDefault())",
    ],
    printed: "[ 2, 9 ]\n",
  },
  {
    title: "a name that is declared again is the same variable",
    cells: [
      "let r1 = 1; function read() { return r1; }",
      "console.log(read()); let r1 = 2; console.log(read());",
      "const r1 = 'three'; console.log(read())",
    ],
    printed: "three\n",
  },
  {
    title: "functions and classes declared again are called by earlier cells",
    cells: [
      "function helper() { return 'old'; } class Thing { name() { return 'old'; } } const use = () => helper() + new Thing().name();",
      "function helper() { return 'new'; } class Thing { name() { return 'new'; } }",
      "console.log(use())",
    ],
    printed: "newnew\n",
  },
  {
    title: "an enum or a namespace that is declared again starts empty",
    cells: [
      "enum E1 { A, B } namespace N1 { export let q = 1; export const r = 2; }",
      "enum E1 { C } namespace N1 { export let z = 3; }\nconsole.log(Object.keys(E1).join(), JSON.stringify(N1))",
    ],
    printed: '0,C {"z":3}\n',
  },
  {
    title: "enums and namespaces hold and read variables",
    cells: [
      "let base = 3; enum E2 { A = base as number } namespace N2 { export const twice = () => base * 2; } function f3() {} namespace f3 { export const x = 1; }",
      "base = 4; console.log(E2.A, N2.twice(), f3.x)",
    ],
    printed: "3 8 1\n",
  },
  {
    title: "var without a value keeps the value, let does not",
    cells: [
      "var va = 1; let le: number | undefined = 1; function vl() { return [va, le]; }",
      "var va: number; let le: number | undefined; console.log(vl())",
    ],
    printed: "[ 1, undefined ]\n",
  },
  {
    title: "var in blocks and loops",
    cells: [
      "if (true) { var deep = 1; } for (var i9 = 0; i9 < 3; i9++) { var last = i9; } const deepOf = () => [deep, i9, last];",
      "deep = 5; i9 = 6; last++; console.log(deepOf())",
    ],
    printed: "[ 5, 6, 3 ]\n",
  },
  {
    title: "functions keep their names, and are called without this",
    cells: [
      "const arrow = () => 0, fn = function () {}, cls = class {}; let { dflt = () => 1 } = {} as { dflt?: () => number }; function self(this: unknown) { return this === undefined || this === globalThis; }",
      "let other = arrow; other = () => 2; console.log(arrow.name, fn.name, cls.name, dflt.name, self())",
    ],
    printed: "arrow fn cls dflt true\n",
  },
  {
    title: "exported declarations and a default",
    cells: [
      "export let ex1 = 1; export function exf() { return ex1; } export class Exc {} export const enum Exe { A = 4 } export default exf;",
      "ex1 = 9; console.log(exf(), new Exc() instanceof Exc, Exe.A)",
    ],
    printed: "9 true 4\n",
  },
  {
    title: "imports, and a name that replaces one",
    cells: [
      "import { basename, basename as bn } from 'node:path'; import os from 'node:os'; import * as fs from 'node:fs'; const short = (p: string) => basename(p);",
      "console.log(short('/a/b'), bn('/c/d'), typeof os.cpus, typeof fs.statSync); const basename = (p: string) => `mine ${p}`; console.log(short('x'))",
    ],
    printed: "b d function function\nmine x\n",
  },
  {
    title: "delete and in of properties of the same name",
    cells: ["let pr: { x?: number; pr?: number } = { x: 1, pr: 2 };", "delete pr.pr; console.log('pr' in pr, pr)"],
    printed: "false { x: 1 }\n",
  },
  {
    title: "a parameter called exports",
    cells: [
      "let ce = 1;",
      "const fe = (exports: { a: number }) => exports.a + 1; ce = 2; console.log(fe({ a: 1 }), ce)",
    ],
    printed: "2 2\n",
  },
  {
    title: "tagged templates and optional calls",
    cells: [
      "const tag = (parts: TemplateStringsArray, ...values: number[]) => parts.join('|') + values; let maybe: (() => number) | undefined;",
      "console.log(tag`a${1}b`, maybe?.()); maybe = () => 4; console.log(maybe?.())",
    ],
    printed: "a|b1 undefined\n4\n",
  },
  {
    title: "types of the same name",
    cells: [
      "interface Shape { side: number } type Count = number; let shape: Shape = { side: 1 };",
      "const Count: Count = 4; shape.side = Count; console.log(shape)",
    ],
    printed: "{ side: 4 }\n",
  },
];

for (const { title, cells, printed: expected } of CASES) {
  test(
    `a variable is one variable in all cells: ${title}`,
    inKernel(async (kernel) => {
      let text = "";
      for (const cell of cells) {
        const answer = await execute(kernel, cell).answer;
        assert.equal(answer.reply.status, "ok", JSON.stringify(contents(answer, "error")));
        text = printed(answer);
      }
      assert.equal(text, expected);
    }),
  );
}

test(
  "variables that a failed cell assigned keep the new values, the others the old ones",
  inKernel(async (kernel) => {
    await execute(kernel, "let f9 = 1, g9 = 1; const h9 = () => [f9, g9];").answer;
    const failed = errorOf(await execute(kernel, "f9 = 2;\n(undefined as any).nothing;\ng9 = 2; let f9b = 0;").answer);
    assert.match(failed.stack, /In \[\d+\], line 2, column 20/);
    assert.equal(printed(await execute(kernel, "console.log(h9())").answer), "[ 2, 1 ]\n");
  }),
);

test(
  "a constant of another cell cannot be assigned to",
  inKernel(async (kernel) => {
    await execute(kernel, "const fixed = 1;").answer;
    assert.match(
      errorOf(await execute(kernel, "fixed = 2;").answer).evalue,
      /Cannot assign to 'fixed' because it is a constant/,
    );
  }),
);

test(
  "errors contain the variables' names in the cells, and the right places",
  inKernel(async (kernel) => {
    await execute(kernel, "let notCallable: any = 1; const callIt = () => {\n  return notCallable(1);\n};").answer;
    const error = errorOf(await execute(kernel, "\nconst v = 1; callIt();").answer);
    assert.equal(error.evalue, "notCallable is not a function");
    const german = errorOf(await execute(kernel, "let größe: any = 1;\nconst maß = 1; größe(maß);").answer);
    assert.equal(german.evalue, "größe is not a function");
    assert.match(german.stack, /at In \[\d+\], line 2, column 16$/);
    assert.match(error.stack, /at callIt \(In \[\d+\], line 2, column 10\)\n {4}at In \[\d+\], line 2, column 14$/);
  }),
);

test(
  "random programs print the same if they are split into cells as in one script",
  { timeout: 300_000 },
  inKernel(async (kernel) => {
    for (const cells of seededPrograms({ seed: 20261129, programs: 12, cells: 5 })) {
      let text = "";
      for (const cell of cells) {
        const answer = await execute(kernel, cell).answer;
        assert.equal(
          answer.reply.status,
          "ok",
          `${cells.join("\n// ---\n")}\n${JSON.stringify(contents(answer, "error"))}`,
        );
        text += printed(answer);
      }
      assert.equal(text, runAsScript(cells), cells.join("\n// ---\n"));
    }
  }),
);
