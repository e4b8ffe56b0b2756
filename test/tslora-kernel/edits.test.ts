import assert from "node:assert/strict";
import vm from "node:vm";
import { test } from "node:test";

import { interruptibleCode } from "../../src/tslora-kernel/interrupts/interruptible-code";
import { mendSource } from "../../src/tslora-kernel/source/mend-source";
import { EditedText, offsetAt, positionAt } from "../../src/tslora-kernel/source/text-edits";
import { SHARED_PROLOGUE } from "../../src/tslora-kernel/variables/shared-variables";

test("positions are converted to an edited text and back", () => {
  const text = new EditedText("one two\nthree four\n", [
    { start: 4, end: 7, text: "TWELVE" },
    { start: 14, end: 14, text: "x: " },
  ]);
  assert.equal(text.after, "one TWELVE\nthree x: four\n");
  for (const offset of [0, 3, 7, 8, 13, 14, 18, 19])
    assert.equal(text.toBefore(text.toAfter(offset)), offset, String(offset));
  assert.equal(text.after.slice(text.toAfter(14)), "four\n");
  assert.deepEqual([text.toBefore(6), text.toBefore(18)], [4, 14], "what was put in belongs to where it was put");
  assert.deepEqual(text.positionBefore({ line: 2, column: 10 }), { line: 2, column: 7 });
  for (let offset = 0; offset < text.after.length; offset++)
    assert.equal(offsetAt(text.after, positionAt(text.after, offset)), offset);
});

test("shorthand properties are written out, imports that tslab cannot resolve are replaced, and nothing else changes", () => {
  const resolve = (specifier: string): string | undefined => (specifier === "../src" ? "/clone/package" : undefined);
  const mend = (source: string): string => mendSource(source, resolve).after;
  assert.equal(mend("f({ a, b: 1, c })"), "f({ a: a, b: 1, c: c })");
  assert.equal(mend("({ a, b = 2 } = o)"), "({ a: a, b: b = 2 } = o)");
  assert.equal(mend("const { a, b: { c }, [d]: e, 'f': g } = o;"), "const { a, \"b\": { c }, [d]: e, 'f': g } = o;");
  assert.equal(
    mend("export const x = 1; export default 2; export { y };"),
    " const x = 1; export default 2; export { y };",
  );
  for (const same of [
    "const { a } = o;",
    "import { a } from 'x';",
    "({ a: a, ...b, [c]: d, e() {} })",
    "interface I { a: string }",
    "broken({ a",
  ])
    assert.equal(mend(same).replace("a: a", "a"), same.replace("a: a", "a"));
  assert.equal(
    mend("import { a } from '../src';\nconst b = await import('../src');\nlet c: import('../src').T;"),
    'import { a } from "/clone/package";\nconst b = await import("/clone/package");\nlet c: import("/clone/package").T;',
  );
});

test("declarations become assignments to the shared variables, and a shorthand property keeps its default", () => {
  const shared = (code: string, names: string): string => {
    const copies = [...names].map((name) => ` exports.${name} = ${name};`).join("");
    const { after } = interruptibleCode(`${code}${copies}`, 1).code;
    const end = `${[...names].map((name) => ` __cells__.${name};`).join("")}\n//# sourceURL=cell:1`;
    assert.ok(after.startsWith(SHARED_PROLOGUE) && after.endsWith(end), after);
    return after.slice(SHARED_PROLOGUE.length, -end.length);
  };
  assert.equal(
    shared("let a = 1, b, { c } = d;", "abc"),
    "__cells__.a = 1, __cells__.b = void 0, ({ c: __cells__.c } = d);",
  );
  assert.equal(shared("var a, b = 1, c;", "abc"), "__cells__.b = 1;");
  assert.equal(
    shared("let a, b; ({ a = b } = f({ a }));", "ab"),
    "__cells__.a = void 0, __cells__.b = void 0; ({ a: __cells__.a = __cells__.b } = f({ a: __cells__.a }));",
  );
});

test("interruptible code has the same results as the original", async () => {
  const code = `
const out = [];
const wait = async (x) => { await null; return x; };
out.push(await wait(1) + await (await wait(wait))(2));
for await (const x of [wait(3), 4]) out.push(x);
for await (const x of (async function* () { yield await wait(5); yield* [6]; })()) out.push(x);
try { await Promise.reject(new Error("no")); } catch (error) { out.push(error.message); } finally { out.push(await 7); }
label: for (;;) { if (await wait(true)) break label; }
exports.out = out`;
  const { code: made, awaits } = interruptibleCode(code, 3);
  assert.ok(awaits);
  assert.equal(made.after.split("\n").slice(0, -2).length, code.split("\n").length, "lines stay lines");
  const exports: { out?: unknown[] } = {};
  const drive = async (cell: AsyncGenerator<unknown>): Promise<unknown> => {
    let next = await cell.next();
    while (next.done !== true) next = await cell.next(next.value);
    return next.value;
  };
  const guard = (value: unknown): unknown => value;
  const run = vm.runInThisContext(`(async function (exports, __tslab__) { ${made.after}\n})`) as (
    exports: object,
    tslab: object,
  ) => Promise<void>;
  await run({}, { drive, guard, guardEach: guard, variables: exports });
  assert.deepEqual(exports.out, [3, 3, 4, 5, 6, "no", 7]);
  assert.equal(interruptibleCode("const f = async () => { await 1; };", 1).awaits, false);
});
