/**
 * Loaded for its effect, first, by the command line and by kernels: where Node can (22.8 and later), it keeps the code
 * that it compiled in the clone's own folder, and starts faster the next time. tslab's TypeScript takes a tenth of a
 * second less. It does nothing where the folder cannot be written, and in older versions.
 */
import * as nodeModule from "node:module";
import { join } from "node:path";

import { projectRoot } from "./project-root";

const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
enableCompileCache?.(join(projectRoot(), ".tslora", "compile-cache"));
