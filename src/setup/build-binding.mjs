// @ts-check
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { findTool } from "./find-tool.mjs";
import { hashFiles } from "./hash-files.mjs";
import { SetUpError } from "./set-up-error.mjs";
import { supportedPlatform, TENSORFLOW_VERSION } from "./supported-platform.mjs";

const PACKAGE = "node_modules/@tensorflow/tfjs-node-gpu";
/** A source of ours beside the package's: without it a signal can end a process that computes. */
const SIGNAL_THREAD = "src/setup/signal-thread.cc";
/** Operations of ours on the processor. */
const KERNELS = "src/device/kernels";
/** The instructions that what computes of them is compiled for; which of them the processor has shows when it runs. */
const INSTRUCTIONS = {
  baseline: [],
  ...(process.arch === "x64" ? { avx2: ["-mavx2", "-mfma"], avx512: ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"] } : {}),
};
/**
 * From the binding to TensorFlow, so that a clone can be moved. The binding lies five folders below the clone where it
 * is used (PACKAGE/lib/napi-v8) and where it is made and tried (.tslora/staging/binding/lib/napi-v8).
 */
const TO_TENSORFLOW = "../../../../../.tslora/tensorflow/tensorflow";

/**
 * The stage that compiles tfjs-node's binding, two C++ files over Node-API, and what is ours beside it, against
 * TensorFlow's library, and tries it.
 *
 * @param {string} root
 * @returns {import("./run-stages.mjs").Stage}
 */
export function buildBinding(root) {
  return {
    name: "binding",
    title: "The binding between Node and TensorFlow",
    place: `${PACKAGE}/lib`,
    after: ["packages", "tensorflow"],
    needs: ["compiler"],
    bytes: 1e7,
    key: () => `${TENSORFLOW_VERSION} ${hashFiles(root, { paths: ["src/setup/build-binding.mjs", SIGNAL_THREAD, KERNELS] })} ${process.platform}-${process.arch}`,
    async make(work) {
      const compiler = findTool("compiler");
      if ("problem" in compiler) throw new SetUpError(compiler.problem);
      const made = join(work.staging, "lib");
      const binding = join(made, "napi-v8", "tfjs_binding.node");
      mkdirSync(join(made, "napi-v8"), { recursive: true });
      const tensorflow = join(root, ".tslora", "tensorflow", "tensorflow");
      const sources = readdirSync(join(root, PACKAGE, "binding")).filter((file) => file.endsWith(".cc"));
      const isMac = process.platform === "darwin";
      const objects = [];
      for (const [name, flags] of Object.entries(INSTRUCTIONS)) {
        // Loops become vectors; sums keep the order that they are written in but for those that are marked.
        const vectors = ["-O3", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math", ...flags];
        for (const source of ["kernels", "attention", "low_rank", "product", "batched_product", "token_pool"]) {
          const object = join(work.staging, `${source}-${name}.o`);
          await work.run([...compiler.commandLine, "-std=c++17", "-fPIC", ...vectors, `-DTSLORA_INSTRUCTIONS_NAME=${name}`, "-c", join(root, KERNELS, `${source}.cc`), "-o", object]);
          objects.push(object);
        }
      }
      await work.run([
        ...compiler.commandLine, "-std=c++17", "-O2", "-fPIC", "-DNAPI_VERSION=8",
        ...(isMac ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"]),
        `-I${join(tensorflow, "include")}`, `-I${join(root, "node_modules", "node-api-headers", "include")}`,
        ...sources.map((file) => join(root, PACKAGE, "binding", file)), ...[SIGNAL_THREAD, `${KERNELS}/ops.cc`, `${KERNELS}/parallel.cc`].map((file) => join(root, file)), ...objects, "-pthread",
        ...(supportedPlatform()?.libraries ?? []).map((library) => join(tensorflow, library)),
        `-Wl,-rpath,${isMac ? "@loader_path" : "$ORIGIN"}/${TO_TENSORFLOW}`,
        "-o", binding,
      ]);
      work.say("trying it");
      await work.run([process.execPath, join(root, "src", "setup", "try-binding.mjs"), binding], { env: { TF_CPP_MIN_LOG_LEVEL: "2" } });
      return made;
    },
  };
}
