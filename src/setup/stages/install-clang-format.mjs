// @ts-check
import { join } from "node:path";

import { fetchWheel } from "../tools/fetch-wheel.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

const VERSION = "23.1.5";

/**
 * @type {Readonly<Record<string, { tags: readonly string[], sha256: string, bytes: number }>>} by process.platform and
 * process.arch
 */
const WHEELS = {
  "linux-x64": {
    tags: ["manylinux_2_28_x86_64"],
    sha256: "d97ce49911ba8c89ef3f3c0735a9c7818e4780ab4812c67d1c5fcd829d16ae52",
    bytes: 1_906_891,
  },
  "linux-arm64": {
    tags: ["manylinux_2_28_aarch64"],
    sha256: "e8037e12eae19a9779e01ca6719b8d7f6a939ade8869b061912551c9748a27ad",
    bytes: 1_820_848,
  },
};
const PLACE = ".tslora/clang-format";

export const CLANG_FORMAT = `${PLACE}/bin/clang-format`;

/** Whether there is a clang-format of the pinned version for this platform. */
export function hasClangFormat() {
  return Object.hasOwn(WHEELS, `${process.platform}-${process.arch}`);
}

/**
 * The stage that installs clang-format from PyPI, for `npm run format` and `npm test`.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function installClangFormat(root) {
  return {
    name: "clang-format",
    title: "clang-format, for the C++ sources",
    place: PLACE,
    needs: ["python"],
    bytes: 1e7,
    key: () => `${VERSION} ${process.platform}-${process.arch}`,
    async make(work) {
      const wheel = WHEELS[`${process.platform}-${process.arch}`];
      if (wheel === undefined) throw new SetUpError("clang-format is pinned for Linux only (x64 and arm64).");
      const target = join(work.staging, "clang-format");
      const { tags, sha256, bytes } = wheel;
      await fetchWheel(
        { name: "clang-format", version: VERSION, sha256, bytes },
        { root, work, tags, target, strip: "clang_format/data/", patterns: ["clang_format/data/bin/*"] },
      );
      return target;
    },
  };
}
