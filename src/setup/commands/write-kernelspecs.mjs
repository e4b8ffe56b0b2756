// @ts-check
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import places from "../places.cjs";

/**
 * The kernelspecs of a clone or a project. Both start tslab through tslora's layer: `tslora`, and `tslab`, which
 * replaces a plain tslab here. The notebooks name `tslab`, so they open in any Jupyter that has tslab.
 */
const KERNELSPECS = { tslora: "TypeScript (tslora)", tslab: "TypeScript (tslora, for tslab's notebooks)" };

/** @param {string} name  the name on the launcher's tile */
const logo = (name) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="8" fill="#3178c6"/><text x="32" y="36" text-anchor="middle" font-family="Helvetica, Arial, sans-serif" font-weight="700" font-size="30" fill="#fff">TS</text><text x="32" y="55" text-anchor="middle" font-family="Helvetica, Arial, sans-serif" font-size="16" fill="#fff">${name}</text></svg>\n`;

/**
 * Writes the kernelspecs into the `.tslora` of the clone or the project, in a clone at every start: they contain the
 * paths of this Node and this clone, which may have changed.
 *
 * @param {string} root  the clone, or the installed package
 * @returns {string} the folder for `JUPYTER_PATH`
 */
export function writeKernelspecs(root) {
  const { project, site, compiled } = places.placesOf(root);
  const data = join(project, ".tslora", "jupyter", "data");
  for (const [name, title] of Object.entries(KERNELSPECS)) {
    const folder = join(data, "kernels", name);
    mkdirSync(folder, { recursive: true });
    const kernelspec = {
      argv: [process.execPath, join(compiled, "tslora-kernel", "main.js"), "{connection_file}"],
      display_name: title,
      language: "typescript",
      interrupt_mode: "message",
      ...(site === project ? {} : { env: { TSLORA_HOME: dirname(site) } }),
    };
    writeWhole(join(folder, "kernel.json"), `${JSON.stringify(kernelspec, null, 2)}\n`);
    writeWhole(join(folder, "logo-svg.svg"), logo(name));
  }
  return data;
}

/**
 * The folders of Jupyter's own files (settings, kernelspecs, running servers), inside the clone.
 *
 * @param {string} root  the clone
 */
export function jupyterFolders(root) {
  const home = join(root, ".tslora", "jupyter");
  return {
    JUPYTER_CONFIG_DIR: join(home, "config"),
    JUPYTER_DATA_DIR: join(home, "data"),
    JUPYTER_RUNTIME_DIR: join(home, "runtime"),
    IPYTHONDIR: join(home, "ipython"),
  };
}

/** Writes a file, unless it is there with this text. @param {string} path @param {string} text */
function writeWhole(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}
