// @ts-check
import { join } from "node:path";

/**
 * The Python with nbclient, papermill, nbconvert and a kernel: the one in `TSLORA_JUPYTER_PYTHON`, or the clone's own.
 *
 * @param {string} root
 */
export function conformancePython(root) {
  return namedPython() ?? join(root, ".tslora", "conformance", "bin", "python");
}

/** The Python that the user names; it must have the packages. */
export function namedPython() {
  const named = process.env["TSLORA_JUPYTER_PYTHON"] ?? "";
  return named === "" ? undefined : named;
}
