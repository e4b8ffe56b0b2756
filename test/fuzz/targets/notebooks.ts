import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";
import type { Random } from "../../../src/base/random";
import { TsloraError } from "../../../src/base/tslora-error";
import { notebookPage } from "../../../src/notebook/page/notebook-page";
import { parseNotebook } from "../../../src/notebook/format/parse-notebook";
import { readNotebook } from "../../../src/notebook/format/read-notebook";
import { readParameters } from "../../../src/notebook/parameters/read-parameters";
import { serializeNotebook } from "../../../src/notebook/format/serialize-notebook";
import { damageFile } from "../damage-file";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";

const FOLDERS = [["test", "conformance", "notebooks"], ["test", "notebook", "fixtures"], ["notebooks"]];
const LARGEST = 300_000; // bytes; larger notebooks take most of the time and damage the same places

let sources: Buffer[] = [];

/** Notebooks of every nbformat: read, parameters found, written, and made a page. */
export const notebooks: FuzzTarget = {
  name: "notebooks",
  async prepare() {
    const paths: string[] = [];
    for (const parts of FOLDERS) {
      const folder = join(projectRoot(), ...parts);
      for (const name of (await readdir(folder)).sort()) if (name.endsWith(".ipynb")) paths.push(join(folder, name));
    }
    sources = (await Promise.all(paths.map((path) => readFile(path)))).filter(({ length }) => length <= LARGEST);
  },
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const index = random.below(sources.length);
    const path = join(folder, "damaged.ipynb");
    await writeFile(path, sources[index]);
    const { changes, mustRefuse } = await damageFile(path, "json", random);
    return {
      changes: [`notebook ${index}`, ...changes],
      mustRefuse: mustRefuse?.endsWith("has a key twice") === true ? undefined : mustRefuse, // Python's json takes the last
      async read() {
        const notebook = await readNotebook(path);
        try {
          readParameters(notebook, { path });
        } catch (error) {
          if (!(error instanceof TsloraError)) throw error;
        }
        const text = serializeNotebook(notebook, path);
        const again = serializeNotebook(parseNotebook(text, path), path);
        if (again !== text) return "written twice, the texts differ";
        const page = await notebookPage([{ name: "damaged", notebook }]);
        return page.includes("</html>") ? undefined : "the page has no end";
      },
    };
  },
  close: () => undefined,
};
