import { accessSync, constants, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { environmentVariable } from "../../base/environment-variable";
import { setUpFolder } from "../../base/places";

/**
 * Jupyter's data folders in search order: JUPYTER_PATH; the environment's and the user's (the environment's first if
 * one is active); the system's; IPython's old one; and last this clone's own JupyterLab.
 */
export function jupyterPaths(env: NodeJS.ProcessEnv = process.env): string[] {
  const given = (env.JUPYTER_PATH ?? "").split(delimiter).filter(Boolean);
  const user =
    environmentVariable("JUPYTER_DATA_DIR", env) ??
    (process.platform === "darwin"
      ? join(homedir(), "Library", "Jupyter")
      : join(environmentVariable("XDG_DATA_HOME", env) ?? join(homedir(), ".local", "share"), "jupyter"));
  const prefixes = sysPrefixes(env).map((prefix) => join(prefix, "share", "jupyter"));
  const own = prefersEnvironment(env) ? [...prefixes, user] : [user, ...prefixes];
  const ipython = environmentVariable("IPYTHONDIR", env) ?? join(homedir(), ".ipython");
  return [
    ...new Set([
      ...given,
      ...own,
      "/usr/local/share/jupyter",
      "/usr/share/jupyter",
      ipython,
      join(setUpFolder(), "lab", "share", "jupyter"),
    ]),
  ];
}

/** Whether the environment comes first, as jupyter_core decides: by its variable, else if an environment is active. */
function prefersEnvironment(env: NodeJS.ProcessEnv): boolean {
  const preferred = env.JUPYTER_PREFER_ENV_PATH?.toLowerCase();
  if (preferred !== undefined) return !["no", "n", "false", "off", "0", "0.0"].includes(preferred);
  return env.VIRTUAL_ENV !== undefined || (env.CONDA_PREFIX !== undefined && env.CONDA_DEFAULT_ENV !== "base");
}

/** The prefixes of active environments: VIRTUAL_ENV, CONDA_PREFIX, and of the first `jupyter` and `python3` on PATH. */
function sysPrefixes(env: NodeJS.ProcessEnv): string[] {
  const active = [env.VIRTUAL_ENV, env.CONDA_PREFIX].filter((prefix): prefix is string => prefix !== undefined);
  const found = ["jupyter", "python3", "python"].flatMap((program) => {
    for (const folder of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
      const path = join(folder, program);
      // a venv's python links to the system's
      if (isExecutable(path)) return [dirname(folder), dirname(dirname(resolved(path)))];
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
