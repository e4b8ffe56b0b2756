/**
 * The command line and kernels load this file first, for its side effect: Node 22.8 and later caches compiled code in
 * the clone's own folder, and starts faster the next time. tslab's TypeScript then loads a tenth of a second faster.
 * Has no effect in older versions, or if the folder cannot be written.
 */
import * as nodeModule from "node:module";
import { join } from "node:path";

import { projectRoot } from "./project-root";

const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
enableCompileCache?.(join(projectRoot(), ".tslora", "compile-cache"));
