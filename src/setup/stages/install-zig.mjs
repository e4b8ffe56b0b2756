// @ts-check
import { join } from "node:path";

import { fetchWheel } from "../tools/fetch-wheel.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

/** Zig from PyPI: Clang with the headers of every system. */
const ZIG = {
  name: "ziglang",
  version: "0.15.2",
  sha256: "806316453d1ede7174ed3fefb8e5348154629089c3bb5fe812dfd0e172fac130",
  bytes: 93_508_126,
};
export const ZIG_PROGRAM = ".tslora/zig/ziglang/zig";

/**
 * The stage that installs the compiler of the macOS binding on Linux, for `npm run test:macos`.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function installZig(root) {
  return {
    name: "zig",
    title: "Zig, to compile for macOS",
    place: ".tslora/zig",
    needs: ["python"],
    bytes: 5e8,
    key: () => `${ZIG.version} ${process.platform}-${process.arch}`,
    async make(work) {
      if (process.platform !== "linux" || process.arch !== "x64")
        throw new SetUpError("npm run test:macos must be run on 64-bit x86 Linux: the compiler is pinned for it.");
      const target = join(work.staging, "zig");
      await fetchWheel(ZIG, {
        root,
        work,
        tags: ["manylinux_2_12_x86_64"],
        target,
        strip: "",
        patterns: ["ziglang/*"],
      });
      return target;
    },
  };
}
