import { readdirSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { projectRoot } from "../../base/project-root";
import { EXIT } from "../exit-codes";
import { shortPath } from "../run/run-in-terminal";
import { styled, type Terminal } from "../terminal/terminal";

/** Adds `tslora check-notebooks`: type-checks TypeScript notebooks without executing them. */
export function addCheckCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command("check-notebooks")
    .description("Type-check the cells of TypeScript notebooks as tslab does, without executing them")
    .argument("[notebooks...]", "notebook files (default: all in notebooks/)")
    .action(async (notebooks: string[]) => {
      const paths = notebooks.length > 0 ? notebooks : projectNotebooks();
      const { checkNotebook } = await import("../../notebook/check/check-notebook.js");
      let found = 0;
      for (const path of paths) {
        const result = await checkNotebook(path);
        if (result.kind === "other-language") {
          terminal.out.write(`${shortPath(path)}: not checked, its kernel is ${result.kernel}\n`);
          continue;
        }
        found += result.problems.length;
        for (const { cell, line, column, message, file } of result.problems) {
          const place = `${shortPath(path)}, ${file ?? `cell ${cell}`}, line ${line}, column ${column}`;
          terminal.err.write(`${styled(terminal, "red", place)}: ${message}\n`);
        }
        if (result.problems.length === 0)
          terminal.out.write(`${shortPath(path)}: ${result.cells} cells, no problems\n`);
      }
      exit(found === 0 ? EXIT.ok : EXIT.cellFailed);
    });
}

function projectNotebooks(): string[] {
  const folder = join(projectRoot(), "notebooks");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ipynb"))
    .sort()
    .map((name) => join(folder, name));
}
