// @ts-check
import { existsSync } from "node:fs";
import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";

import { fetchWheel } from "../tools/fetch-wheel.mjs";
import { supportedPlatform, tensorflowFlavour, TENSORFLOW_VERSION } from "./supported-platform.mjs";

const SOLVER = "libcusolver.so.11";
/** A header that earlier versions of this stage did not unpack. */
const NEWEST_HEADER = "include/tsl/platform/platform.h";
/** The headers that the binding includes, directly or not, as `g++ -M` lists them. */
const HEADERS = [
  "tensorflow/include/tensorflow/c/*.h",
  "tensorflow/include/tensorflow/core/common_runtime/next_pluggable_device/c/*.h",
  "tensorflow/include/tensorflow/core/platform/ctstring*.h",
  "tensorflow/include/tsl/platform/ctstring*.h",
  "tensorflow/include/tsl/platform/platform.h",
  "tensorflow/include/xla/tsl/c/*.h",
];

/**
 * The stage that unpacks TensorFlow's C library and headers from the wheel, and with a GPU NVIDIA's libraries from
 * theirs. They keep their relative paths in Python's site-packages, through which the libraries find each other without
 * LD_LIBRARY_PATH.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function unpackTensorflow(root) {
  const flavour = tensorflowFlavour();
  const platform = supportedPlatform();
  const wheels = platform === undefined ? [] : flavour === "cuda" ? (platform.cuda ?? []) : [platform.cpu];
  const place = ".tslora/tensorflow";
  return {
    name: "tensorflow",
    title: `TensorFlow ${TENSORFLOW_VERSION}'s library for the ${flavour === "cuda" ? "GPU, with CUDA" : "CPU"}`,
    place,
    needs: ["python"],
    bytes: flavour === "cuda" ? 12e9 : 1.8e9,
    key: () => keyOf(flavour),
    // The one with CUDA runs on the CPU too, so a clone for machines with and without a GPU is set up only once.
    accepts: (doneKey) =>
      flavour === "cpu" && process.env["TSLORA_TENSORFLOW"] === undefined && doneKey === keyOf("cuda"),
    isWhole: () =>
      [...(platform?.libraries ?? []), NEWEST_HEADER].every((file) =>
        existsSync(join(root, place, "tensorflow", file)),
      ),
    async make(work) {
      const target = join(work.staging, "tensorflow");
      for (const wheel of wheels) {
        const patterns = wheel.name.startsWith("nvidia-")
          ? ["nvidia/*/lib/*.so*", "nvidia/*/bin/*", "nvidia/*/nvvm/*"]
          : [...(platform?.libraries ?? []).map((library) => `tensorflow/${library}`), ...HEADERS];
        await fetchWheel(wheel, { root, work, tags: platform?.tags ?? [], target, strip: "", patterns });
      }
      if (flavour === "cuda") await linkSolver(target);
      return target;
    },
  };
}

/** @param {"cpu" | "cuda"} flavour */
function keyOf(flavour) {
  return `${TENSORFLOW_VERSION} ${flavour} ${process.platform}-${process.arch}${flavour === "cuda" ? " with cusolver" : ""}`;
}

/**
 * Also puts libcusolver into the folder of libcublas. libtensorflow_framework opens NVIDIA's libraries, and finds all
 * of their folders except cusolver's; if one library is missing, TensorFlow uses no GPU.
 *
 * @param {string} target
 */
async function linkSolver(target) {
  const link = join(target, "nvidia", "cublas", "lib", SOLVER);
  await rm(link, { force: true });
  await symlink(join("..", "..", "cusolver", "lib", SOLVER), link);
}
