import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { readPmids } from "../../src/corpus/pubmed/read-pmids";

test("a list of PMIDs is read in its order, and all its faults are reported at once", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-pmids-"));
  const path = join(folder, "pmids.csv");
  const refused = async (content: string, ...parts: RegExp[]): Promise<void> => {
    await writeFile(path, content);
    await assert.rejects(readPmids(path), (error: unknown) => {
      assert.ok(error instanceof TsloraError && error.code === "bad-input", String(error));
      for (const part of parts) assert.match(error.message, part);
      return true;
    });
  };
  try {
    await writeFile(path, "pmid,label\n30872385,1\n23318425,0\n");
    assert.deepEqual(await readPmids(path), [
      { pmid: "30872385", label: 1 },
      { pmid: "23318425", label: 0 },
    ]);
    await refused(
      "pmid,label\nPMC12,1\n5,2\n5,0\n6\n",
      /line 2: pmid must be a PMID; got "PMC12"/,
      /line 3: label must be 0 or 1; got "2"/,
      /line 4: the PMID 5 is already listed/,
      /line 5: it must have 2 cells/,
    );
    await refused("id,label\n5,0\n", /columns must be pmid and label; got id, label/);
    await refused("pmid,label\n", /got none/);
    await assert.rejects(
      readPmids(join(folder, "gone.csv")),
      (error: unknown) => error instanceof TsloraError && error.code === "not-found",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
