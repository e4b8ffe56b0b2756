import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { join, relative, resolve, sep } from "node:path";

import type { Places } from "../../base/places";
import { TsloraError } from "../../base/tslora-error";

/**
 * Resolves an import that tslab would not find or not compile. A file of the clone's `src` comes from the compiled
 * package (compiled again if `src` has changed); a package that the notebook's folder lacks comes from the clone or the
 * project.
 *
 * @param from - `folder`: the notebook's; `places`: the clone's or the project's
 * @returns an absolute path, or undefined to leave the import unchanged
 * @throws TsloraError `bad-input` when `src` does not compile
 */
export function resolveImport(
  specifier: string,
  { folder, places }: { readonly folder: string; readonly places: Places },
): string | undefined {
  if (specifier === "tslab" || isBuiltin(specifier)) return undefined;
  if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") {
    const { root, compiled, installed } = places;
    if (installed) return undefined; // the tarball holds no source of the library
    const inside = relative(join(root, "src"), resolve(folder, specifier));
    if (inside === ".." || inside.startsWith(`..${sep}`) || inside === "setup" || inside.startsWith(`setup${sep}`))
      return undefined;
    compilePackage(root);
    return join(compiled, inside.replace(/(?:\.d)?\.[cm]?[jt]s$/, ""));
  }
  return placeOf(specifier, folder) === undefined ? placeOf(specifier, places.compiled) : undefined;
}

/**
 * The path that a package's import has from a folder; undefined if no node_modules above the folder has the package.
 */
function placeOf(specifier: string, folder: string): string | undefined {
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const { resolve: resolver } = createRequire(join(folder, "notebook.js"));
  const packages = resolver.paths(specifier)?.find((path) => existsSync(join(path, name)));
  return packages === undefined ? undefined : join(packages, specifier);
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
