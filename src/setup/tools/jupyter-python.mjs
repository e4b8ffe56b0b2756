// @ts-check
import { join } from "node:path";

/**
 * The Python with nbclient, papermill, nbconvert and a kernel: one that `TSLORA_JUPYTER_PYTHON` names, or the clone's
 * own.
 *
 * @param {string} root
 */
export function conformancePython(root) {
  return namedPython() ?? join(root, ".tslora", "conformance", "bin", "python");
}

/** The Python that the user names; it is to have the packages. */
export function namedPython() {
  const named = process.env["TSLORA_JUPYTER_PYTHON"] ?? "";
  return named === "" ? undefined : named;
}
