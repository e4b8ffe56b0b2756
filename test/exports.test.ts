import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { test } from "node:test";
import ts from "typescript";

import { projectRoot } from "../src/base/project-root";

test("every name that src/index.ts exports has a description", () => {
  const root = projectRoot();
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const index = join(root, "src", "index.ts");
  const program = ts.createProgram([index], options);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(index);
  const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
  assert.ok(module !== undefined);

  const exported = checker.getExportsOfModule(module);
  assert.ok(exported.length > 100, `${exported.length} names are exported`);
  const bare = exported.flatMap((name) => {
    const symbol = name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name;
    const source = symbol.declarations?.[0].getSourceFile().fileName ?? index;
    const description = ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim();
    return description === "" ? [`${name.name} (${relative(root, source)})`] : [];
  });
  assert.deepEqual(bare, []);
});
