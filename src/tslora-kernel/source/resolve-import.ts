import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join, relative, resolve, sep } from "node:path";

import { TsloraError } from "../../base/tslora-error";

/**
 * Resolves an import that tslab would not find or not compile. A file of the clone's `src` comes from the compiled
 * package (compiled again if `src` has changed); a package that the notebook's folder lacks comes from the clone.
 *
 * @param from - `folder`: the notebook's; `root`: the clone's
 * @returns an absolute path, or undefined to leave the import unchanged
 * @throws TsloraError `bad-input` when `src` does not compile
 */
export function resolveImport(
  specifier: string,
  { folder, root }: { readonly folder: string; readonly root: string },
): string | undefined {
  if (specifier === "tslab" || isBuiltin(specifier)) return undefined;
  if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") {
    const inside = relative(join(root, "src"), resolve(folder, specifier));
    if (inside === ".." || inside.startsWith(`..${sep}`) || inside === "setup" || inside.startsWith(`setup${sep}`))
      return undefined;
    compilePackage(root);
    return join(root, ".tslora", "package", inside.replace(/(?:\.d)?\.[cm]?[jt]s$/, ""));
  }
  if (canResolve(specifier, folder) || !canResolve(specifier, root)) return undefined;
  return join(root, "node_modules", specifier);
}

function canResolve(specifier: string, folder: string): boolean {
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const { resolve: resolver } = createRequire(join(folder, "notebook.js"));
  return resolver.paths(specifier)?.some((path) => existsSync(join(path, name))) ?? false;
}

/** Compiles the package; needs a fifth of a second if nothing has changed. */
function compilePackage(root: string): void {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "src", "setup", "start.mjs"), "setup"], {
    cwd: root,
    encoding: "utf8",
  });
  if (status !== 0)
    throw new TsloraError(
      "bad-input",
      `The clone's src does not compile, so nothing can be imported from it:\n${stderr.trim()}`,
    );
}
