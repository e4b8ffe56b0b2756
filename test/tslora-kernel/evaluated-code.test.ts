import assert from "node:assert/strict";
import { test } from "node:test";

import { errorOf, execute, printed, sharedKernel } from "./kernel-client";

const inKernel = sharedKernel();

test(
  "code that is compiled from a text, in any way, reads and writes the cells' variables",
  inKernel(async (kernel) => {
    const ready = "let big: number | bigint = 1n; const current = () => big; import vm from 'node:vm';";
    assert.equal((await execute(kernel, ready).answer).reply.status, "ok");
    for (const run of [
      "eval('big = 5n')",
      "(0, eval)('big = 5n')",
      "globalThis.eval('big = 5n')",
      "new Function('big = 5n')()",
      "Function('value', 'big = value')(5n)",
      "current.constructor('big = 5n')()",
      "vm.runInThisContext('big = 5n')",
      "(0, eval)('var big = 5n')",
      "(() => { const code = 'big = 5n'; return eval(code); })()",
      "await (async () => { await 0; eval('big = 5n'); })()",
      "class Sets { to() { eval('big = 5n') } } new Sets().to()",
    ]) {
      const code = `big = 2n; ${run};\nconsole.log(big, current(), eval('big'), (0, eval)('typeof big'));`;
      const answer = await execute(kernel, code).answer;
      assert.equal(answer.reply.status, "ok", `${run}: ${String(answer.reply.evalue)}`);
      assert.equal(printed(answer), "5n 5n 5n bigint\n", run);
      assert.equal(printed(await execute(kernel, "console.log(big, current())").answer), "5n 5n\n", run);
    }
  }),
);

test(
  "a text that would declare a second variable of a cell's name is refused with the name",
  inKernel(async (kernel) => {
    await execute(kernel, "let held = 1; const fixed = 1; function helper() { return held; }").answer;
    for (const [code, message] of [
      [
        "eval('var held = 5')",
        /^eval must not declare held by var or function, since the cells have a variable of this name/,
      ],
      ["eval('for (var held = 5;;) break')", /^eval must not declare held by var/],
      ["eval('function helper() { return 5; }')", /^eval must not declare helper by var or function/],
      ["(() => { eval('if (true) { var held = 5; }'); return held; })()", /^eval must not declare held by var/],
      ["(0, eval)('function helper() { return 5; }')", /'helper' has already been declared/],
      ["eval('fixed = 5')", /^Assignment to constant variable/],
      ["new Function('fixed = 5')()", /^Assignment to constant variable/],
      ["setTimeout('held = 5' as any, 0)", /"callback" argument must be of type function/],
      ["eval('\"use strict\"; missing = 5')", /missing is not defined/],
    ] as const) {
      const failed = errorOf(await execute(kernel, code).answer);
      assert.match(failed.evalue, message, code);
      assert.equal(printed(await execute(kernel, "console.log(held, fixed, helper())").answer), "1 1 1\n", code);
    }
  }),
);

test(
  "inner variables, and those that a text declares for itself, stay local",
  inKernel(async (kernel) => {
    await execute(kernel, "let own = 1; const seen = () => own;").answer;
    for (const [code, shown] of [
      ["eval('let own = 5; own')", "5"],
      ["eval('\"use strict\"; var own = 5; own')", "5"],
      ["eval('(function () { var own = 5; return own; })()')", "5"],
      ["new Function('var own = 5; return own')()", "5"],
      ["((own: number) => { eval('own = 5'); return own; })(3)", "5"],
      ["(() => { var own = 3; eval('var own = 5'); return own; })()", "5"],
      ["(() => { let inner = 3; eval('inner = 5'); return inner; })()", "5"],
      ["eval('require')('node:path').basename('/a/5')", "5"],
      ["(eval as any)(5)", "5"],
      ["eval('var fresh = 5; fresh')", "5"],
    ] as const) {
      const answer = await execute(kernel, `console.log(${code}, own, seen());`).answer;
      assert.equal(answer.reply.status, "ok", `${code}: ${String(answer.reply.evalue)}`);
      assert.equal(printed(answer), `${shown} 1 1\n`, code);
    }
  }),
);

test(
  "a name that is declared again, imported, or was a global before is still one variable",
  inKernel(async (kernel) => {
    await execute(kernel, "const again = 1; eval('again');").answer;
    const redeclared = "let again = 2; eval('again = 3'); console.log(again);";
    assert.equal(printed(await execute(kernel, redeclared).answer), "3\n");
    const imported = "import { basename as last } from 'node:path'; console.log(eval(\"last('/a/b')\"));";
    assert.equal(printed(await execute(kernel, imported).answer), "b\n");
    const cached =
      "const cache: { n: number } = ((globalThis as any).cache ??= { n: 0 }); cache.n++; console.log(eval('cache.n'));";
    assert.equal(printed(await execute(kernel, cached).answer), "1\n");
    assert.equal(printed(await execute(kernel, cached).answer), "2\n");
    const passedOn =
      "const passedOn = { a: 1 }; (globalThis as any).passedOn = passedOn; console.log(eval('passedOn.a'));";
    assert.equal(printed(await execute(kernel, passedOn).answer), "1\n");
  }),
);

test(
  "names of Node's globals and of a browser keep their meaning, and an affected cell prints one notice",
  inKernel(async (kernel) => {
    await execute(kernel, "const window = 10, fetch = 'mine'; let unseen = 1;").answer;
    const quiet = await execute(kernel, "console.log(window, fetch, typeof (globalThis as any).window)").answer;
    assert.deepEqual([printed(quiet), printed(quiet, "stderr")], ["10 mine undefined\n", ""]);
    const noticed = await execute(kernel, "console.log(eval('typeof fetch'), unseen)").answer;
    assert.equal(printed(noticed), "function 1\n");
    assert.match(printed(noticed, "stderr"), /^Code in eval and Function does not see the cells' variables fetch:/);
    const again = await execute(kernel, "console.log(eval('typeof fetch'))").answer;
    assert.equal(printed(again, "stderr"), "");
  }),
);
