import { accessSync, constants, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/** Jupyter's data folders in the order in which they are searched: JUPYTER_PATH, the user's, the environment's, the system's. */
export function jupyterPaths(env: NodeJS.ProcessEnv = process.env): string[] {
  const given = (env.JUPYTER_PATH ?? "").split(delimiter).filter(Boolean);
  const user = env.JUPYTER_DATA_DIR ?? (process.platform === "darwin" ? join(homedir(), "Library", "Jupyter") : join(env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "jupyter"));
  const prefixes = sysPrefixes(env).map((prefix) => join(prefix, "share", "jupyter"));
  return [...new Set([...given, user, ...prefixes, "/usr/local/share/jupyter", "/usr/share/jupyter"])];
}

/** The prefixes of active environments: VIRTUAL_ENV, CONDA_PREFIX, and of the first `jupyter` and `python3` on PATH. */
function sysPrefixes(env: NodeJS.ProcessEnv): string[] {
  const active = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter((prefix): prefix is string => prefix !== undefined);
  const found = ["jupyter", "python3", "python"].flatMap((program) => {
    for (const folder of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
      const path = join(folder, program);
      if (isExecutable(path)) return [dirname(folder), dirname(dirname(resolved(path)))]; // a venv's python links to the system's
    }
    return [];
  });
  return [...active, ...found];
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function resolved(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
