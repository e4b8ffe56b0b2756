import { dirname, join, relative, resolve } from "node:path";

import type { Plugin } from "esbuild";

import { TsloraError } from "../../base/tslora-error";
import { licencesOf } from "./licences";

/**
 * Modules that need files or a system, and the module that replaces each in a browser: paths in the compiled package.
 */
const IN_PLACE: Readonly<Record<string, string>> = {
  "base/files/read-text-file": "read-text-file",
  "base/files/open-regular-file": "open-regular-file",
  "base/files/expand-home": "expand-home",
  "base/shown-path": "shown-path",
};

/** A script of the page. */
export interface PageScript {
  readonly name: string;
  readonly text: string;
}

/** The root of the compiled package. */
const ROOT = resolve(__dirname, "..", "..");

/**
 * Bundles the page's scripts: `page.js` and `worker.js`, with everything that they import.
 *
 * @param options.runtime - onnxruntime-web's build: `wasm`, or `webgpu`, which has WebAssembly too
 * @returns the scripts, and the licences of the packages in them
 */
export async function bundleScripts({ runtime }: { runtime: "wasm" | "webgpu" }): Promise<{
  scripts: PageScript[];
  licences: string;
}> {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({
    entryPoints: ["page", "worker"].map((name) => join(__dirname, "browser", `${name}.js`)),
    outdir: "site",
    bundle: true,
    write: false,
    metafile: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    charset: "utf8",
    minify: true,
    legalComments: "none", // licences.txt holds the complete licences
    logLevel: "silent",
    define: { "process.env.NODE_DEBUG": '""', "import.meta.url": "self.location.href" },
    plugins: [forBrowsers(runtime)],
  }).catch((error: unknown) => {
    throw new TsloraError("bad-input", `The page's scripts cannot be bundled: ${String(error).slice(0, 500)}`, {
      cause: error,
    });
  });
  return {
    scripts: outputFiles.map(({ path, text }) => ({ name: relative(resolve("site"), path), text })),
    licences: await licencesOf(Object.keys(metafile.inputs).map((input) => resolve(input))),
  };
}

/** Replaces what needs Node by what a browser has. */
function forBrowsers(runtime: "wasm" | "webgpu"): Plugin {
  const packages: Readonly<Record<string, string>> = {
    "@xenova/transformers": join(packageRoot("@xenova/transformers"), "src", "tokenizers.js"),
    "onnxruntime-web": join(packageRoot("onnxruntime-web"), "dist", `ort.${runtime}.bundle.min.mjs`),
    "csv-parse/sync": join(packageRoot("csv-parse"), "dist", "esm", "sync.js"),
    "node:path": join(__dirname, "browser", "in-place", "path.js"),
    "node:util": join(__dirname, "browser", "in-place", "util.js"),
  };
  const none = join(__dirname, "browser", "in-place", "no-runtime.js");
  return {
    name: "for-browsers",
    setup: (build) => {
      build.onResolve({ filter: /^[@\w]/ }, ({ path }) =>
        Object.hasOwn(packages, path) ? { path: packages[path] } : undefined,
      );
      // the tokenizers alone are used, without the runtime that @xenova/transformers brings
      build.onResolve({ filter: /backends\/onnx\.js$/ }, () => ({ path: none }));
      build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
        const inside = relative(ROOT, resolve(resolveDir, path)).replaceAll("\\", "/");
        return Object.hasOwn(IN_PLACE, inside)
          ? { path: join(__dirname, "browser", "in-place", `${IN_PLACE[inside]}.js`) }
          : undefined;
      });
    },
  };
}

/** The folder of an installed package. */
export function packageRoot(name: string): string {
  const path = require.resolve(name);
  return path.slice(0, path.lastIndexOf(join("node_modules", name)) + join("node_modules", name).length);
}

/** The file of onnxruntime-web that runs the model, for each of its builds. */
export function runtimeFile(runtime: "wasm" | "webgpu"): string {
  const name = runtime === "wasm" ? "ort-wasm-simd-threaded.wasm" : "ort-wasm-simd-threaded.asyncify.wasm";
  return join(dirname(require.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm")), name);
}
