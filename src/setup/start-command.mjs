// @ts-check
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { answerFromHelp, hasCli } from "./cli-help.mjs";
import { namedPython } from "./tools/jupyter-python.mjs";
import { asksForHelp, readOptions, UsageError, withoutOptions } from "./tools/read-options.mjs";
import { runCli } from "./commands/run-cli.mjs";
import { runCompiledTest } from "./commands/run-compiled-test.mjs";
import { hasNvidiaDriver } from "./stages/supported-platform.mjs";
import { swiftshaderVariables } from "./stages/unpack-swiftshader.mjs";
import { SetUpError } from "./tools/set-up-error.mjs";
import { wrapHelp } from "./tools/wrap-help.mjs";
import { ROOT, setUp } from "./set-up.mjs";

/**
 * A command of `npm run`.
 * @typedef {object} Command
 * @property {string} help  the first line shows the usage
 * @property {(parameters: readonly string[]) => void} check  refuses invalid parameters before anything is installed
 * @property {(parameters: readonly string[]) => Promise<number>} run  returns the exit code
 */
/** @typedef {() => Command | Promise<Command>} Load */

/** Whether the reference environment must be made. A Python that the user names already has the packages. */
const needsReference = () => (process.env["TSLORA_REFERENCE_PYTHON"] ?? "") === "";
const needsConformance = () => namedPython() === undefined;

/**
 * Every command of `npm run`. Any other name is a command of the command line. A module that only one command needs is
 * imported by that command, so that the command line starts quickly.
 * @type {Readonly<Record<string, Load>>}
 */
const COMMANDS = {
  setup: () => ({
    help: `npm run setup [-- ${Object.keys(EXTRAS).join(" | ")}]
Sets up the common parts, and with these names the parts of single commands:
${Object.entries(EXTRAS)
  .map(([name, { what }]) => `  ${name.padEnd(14)} ${what}`)
  .join("\n")}`,
    check(parameters) {
      const unknown = parameters.filter((name) => !Object.hasOwn(EXTRAS, name));
      if (unknown.length > 0)
        throw new UsageError(
          `npm run setup takes the names ${Object.keys(EXTRAS).join(", ")}; got ${unknown.slice(0, 3).join(", ").slice(0, 120)}.`,
        );
    },
    async run(parameters) {
      await setUp(Object.assign({ needsKernelspecs: true }, ...parameters.map((name) => EXTRAS[name]?.set)));
      console.error("tslora is set up: npm run study, npm run lab, npm test.");
      return 0;
    },
  }),
  test: async () => {
    const { checkTests, runTests, TEST_HELP } = await import("./commands/run-tests.mjs");
    return {
      help: TEST_HELP,
      check: (parameters) => checkTests(parameters, { root: ROOT }),
      async run(parameters) {
        await setUp({ ...EXTRAS.tests.set, checksTypes: true });
        return runTests(parameters, { root: ROOT });
      },
    };
  },
  format: async () => {
    const { formatCode, FORMAT_HELP, readFormatOptions } = await import("./commands/format-code.mjs");
    return {
      help: FORMAT_HELP,
      check: (parameters) => void readFormatOptions(parameters),
      async run(parameters) {
        await setUp({ clangFormat: true });
        return formatCode({ root: ROOT, ...readFormatOptions(parameters) });
      },
    };
  },
  "test-watch": async () => {
    const { readWatchOptions, WATCH_HELP, watchTests } = await import("./commands/watch-tests.mjs");
    return {
      help: WATCH_HELP,
      check: (parameters) => void readWatchOptions(parameters, { root: ROOT }),
      async run(parameters) {
        await setUp({ swiftshader: true, checksTypes: true });
        return watchTests({ root: ROOT, ...readWatchOptions(parameters, { root: ROOT }) });
      },
    };
  },
  docs: () =>
    check({
      help: `npm run docs
Writes the reference of all names that src/index.ts exports, as HTML by typedoc, to output/docs/index.html.`,
      commandLines: [
        ["node_modules/typedoc/bin/typedoc", "--entryPoints", "src/index.ts", "--tsconfig", "tsconfig.json"].concat(
          ["--out", "output/docs", "--name", "tslora", "--readme", "README.md", "--githubPages", "false"],
          ["--excludePrivate", "--excludeExternals", "--disableSources"],
          ["--validation.notExported", "false", "--treatWarningsAsErrors"],
        ),
      ],
    }),
  lint: () =>
    check({
      help: `npm run lint
Lints TypeScript and JavaScript with eslint; a warning is an error. It skips
files that passed and have not changed; npm test lints every file.`,
      commandLines: [
        [
          ...["node_modules/eslint/bin/eslint.js", ".", "--max-warnings=0"],
          ...["--cache", "--cache-strategy", "content", "--cache-location", ".tslora/cache/eslint"],
        ],
      ],
    }),
  typecheck: () =>
    check({
      help: `npm run typecheck
Checks the types of src, test and src/setup.`,
      commandLines: [
        ["node_modules/typescript/bin/tsc", "--project", "src/setup/tsconfig.json"],
        ["node_modules/typescript/bin/tsc", "--project", "tsconfig.json"],
      ],
    }),
  parity: () => program("test/parity/run.ts", () => ({ reference: needsReference() })),
  conformance: () => program("test/conformance/run.ts", () => ({ conformance: needsConformance() })),
  "bench-runner": () => program("test/conformance/bench.ts", () => ({ conformance: needsConformance() })),
  bench: () => program("test/bench/run.ts", () => ({ reference: needsReference() })),
  "bench-growth": () => program("test/bench/growth.ts"),
  "bench-soak": () => program("test/bench/soak.ts"),
  "bench-serve": () => program("test/bench/serving.ts", () => ({ reference: needsReference() })),
  "bench-profile": () => program("test/bench/profile.ts"),
  "bench-prefix": () => program("test/bench/prefix.ts"),
  "bench-precision": () => program("test/bench/precision.ts"),
  "bench-bulk": () => program("test/bench/bulk.ts"),
  "bench-graph": () => program("test/bench/graph.ts"),
  "bench-webgpu": () => program("test/bench/webgpu.ts", () => ({ swiftshader: true }), swiftshaderVariables),
  "test-fuzz": () => program("test/fuzz/run.ts"),
  "test-instructions": async () => {
    const { chooseWays, INSTRUCTIONS_HELP, testInstructions } = await import("./commands/test-instructions.mjs");
    return {
      help: INSTRUCTIONS_HELP,
      check: (parameters) => void chooseWays(parameters),
      async run(parameters) {
        await setUp({ allInstructions: true });
        return testInstructions(parameters, { root: ROOT });
      },
    };
  },
  "test-arm64": async () => {
    const { ARM64_HELP, checkArm64, testArm64 } = await import("./commands/test-arm64.mjs");
    return {
      help: ARM64_HELP,
      check: withoutOptions(ARM64_HELP, checkArm64),
      async run() {
        await setUp({ more: [(await import("./stages/prepare-arm64.mjs")).prepareArm64] });
        return testArm64({ root: ROOT });
      },
    };
  },
  "test-avx512": async () => {
    const { AVX512_HELP, checkAvx512, testAvx512 } = await import("./commands/test-avx512.mjs");
    return {
      help: AVX512_HELP,
      check: withoutOptions(AVX512_HELP, checkAvx512),
      run: () => testAvx512({ root: ROOT }),
    };
  },
  "test-macos": async () => {
    const { MACOS_HELP, testMacos } = await import("./commands/test-macos.mjs");
    return {
      help: MACOS_HELP,
      check: withoutOptions(MACOS_HELP),
      async run() {
        await setUp({ more: [(await import("./stages/install-zig.mjs")).installZig] });
        return testMacos({ root: ROOT });
      },
    };
  },
  "test-gpu": () => ({
    help: `npm run test:gpu
Compares TensorFlow on an NVIDIA GPU with PyTorch: numbers, epochs, memory and
speed. Writes output/gpu.json. Without an NVIDIA GPU: exit code 6.`,
    check: withoutOptions("npm run test:gpu takes no options."),
    async run(parameters) {
      if (!hasNvidiaDriver()) {
        console.error("no NVIDIA GPU here: nothing was tested (`npx tslora doctor` lists what was looked for)");
        return 6; // the command line's exit code for a device that is not the requested one
      }
      process.env["TSLORA_TENSORFLOW"] ??= "cuda";
      await setUp({ reference: needsReference() });
      return runCompiledTest("test/gpu/run.ts", parameters, { root: ROOT });
    },
  }),
  "pack-clone": async () => {
    const { packClone, PACK_HELP, readPackOptions } = await import("./commands/pack-clone.mjs");
    return {
      help: PACK_HELP,
      check: (parameters) => void readPackOptions(parameters, { root: ROOT }),
      async run(parameters) {
        await setUp({ allInstructions: true }); // for another machine's processor
        return packClone(parameters, { root: ROOT });
      },
    };
  },
  "test-package": async () => {
    const { checkPackageOptions, PACKAGE_HELP, testPackage } = await import("./commands/test-package.mjs");
    return {
      help: PACKAGE_HELP,
      check: checkPackageOptions,
      async run() {
        await setUp();
        return testPackage({ root: ROOT });
      },
    };
  },
  lab: () => ({
    help: `npm run lab [-- options of Jupyter Lab]
Opens the notebooks in Jupyter Lab with tslora's kernels. The options are
Jupyter Lab's, such as --no-browser, --port 8899, --ip 0.0.0.0; -- --help-all
lists them.`,
    check: () => undefined, // Jupyter Lab checks its options
    async run(parameters) {
      await setUp({ lab: true });
      return (await import("./commands/open-lab.mjs")).openLab(parameters, { root: ROOT });
    },
  }),
  "test-jobs": async () => {
    const { runTests } = await import("./commands/run-tests.mjs");
    const help = `npm run test:jobs
The tests of jobs with 100 workers killed over 300 jobs, and a SLURM array of
20. They start redis-server and SLURM on loopback; those that need a program
that is not installed are skipped and say so.`;
    return {
      help,
      check: withoutOptions(help),
      async run() {
        await setUp({ swiftshader: true, checksTypes: true });
        process.env["TSLORA_SLOW_JOBS"] = "1";
        return runTests(["--only", "test/jobs/", "--slow"], { root: ROOT });
      },
    };
  },
  "test-lab": async () => {
    const { chooseLabTests, runLabTests } = await import("./commands/run-lab-tests.mjs");
    const help = `npm run test:lab [-- WORD ...]
Tests the notebooks in Jupyter Lab with a headless Chromium, if there is one,
and with nbconvert and papermill. A WORD takes the test files of test/lab with
the word in their name.`;
    return {
      help,
      check(parameters) {
        chooseLabTests(readOptions(parameters, { help, options: {}, allowPositionals: true }).positionals, {
          root: ROOT,
        });
      },
      async run(parameters) {
        const tests = chooseLabTests(parameters, { root: ROOT, announces: true });
        await setUp({ lab: tests.browser.length > 0, conformance: tests.tools.length > 0 && needsConformance() });
        return runLabTests(tests, { root: ROOT });
      },
    };
  },
  lock: () => ({
    help: `npm run lock
Writes the lock files of the Python environments (src/setup/requirements/*.txt) from the .in files there: every package
with its version and the hashes of its wheels, for every supported Python and platform.`,
    check: withoutOptions("npm run lock takes no options."),
    async run() {
      await (await import("./commands/lock-environments.mjs")).lockEnvironments({ root: ROOT });
      return 0;
    },
  }),
  "write-help": () => ({
    help: `npm run write-help
Writes src/setup/cli-help.json again: the help of the command line for a clone that is not set up.`,
    check: withoutOptions("npm run write-help takes no options."),
    async run() {
      await setUp();
      const { passOn } = await import("./tools/pass-on.mjs");
      return passOn([
        process.execPath,
        join(ROOT, ".tslora", "package", "cli", "write-help.js"),
        join(ROOT, "src", "setup", "cli-help.json"),
      ]);
    },
  }),
};

/** @type {Readonly<Record<string, { what: string, set: import("./set-up.mjs").Extras }>>} */
const EXTRAS = {
  lab: { what: "JupyterLab, for npm run lab", set: { lab: true } },
  conformance: {
    what: "nbclient, papermill and a Python kernel, for npm run test:conformance",
    set: { conformance: true },
  },
  reference: {
    what: "PyTorch, transformers and peft, for npm run test:parity and npm run bench",
    set: { reference: true },
  },
  "sweep-reference": {
    what: "Optuna, optuna-dashboard and MLflow, for the tests of sweeps",
    set: { sweepReference: true },
  },
  mpnet: { what: "all-mpnet-base-v2 (110 M parameters), which model=mpnet names", set: { mpnet: true } },
  instructions: { what: "kernels for every processor, not only for this one", set: { allInstructions: true } },
  tests: {
    what: "the further parts of npm test: kernels for every processor, SwiftShader, clang-format",
    set: { swiftshader: true, allInstructions: true, clangFormat: true },
  },
};

/**
 * A command that runs a program of the tests. Its options and help are in `NAME-options.cjs` in the program's folder.
 *
 * @param {string} source
 * @param {() => import("./set-up.mjs").Extras} [extras]  parts of the set-up that it needs in addition to the common
 *   ones
 * @param {(root: string) => Record<string, string>} [variables]  environment variables that it needs
 * @returns {Promise<Command>}
 */
async function program(source, extras = () => ({}), variables = () => ({})) {
  const { HELP, OPTIONS } = (await import(pathToFileURL(join(ROOT, source.replace(/\.ts$/, "-options.cjs"))).href))
    .default;
  return {
    help: HELP,
    check: (parameters) => void readOptions(parameters, { help: HELP, options: OPTIONS }),
    async run(parameters) {
      await setUp(extras());
      return runCompiledTest(source, parameters, { root: ROOT, env: variables(ROOT) });
    },
  };
}

/**
 * A command that runs programs of Node one after the other, until one fails.
 *
 * @param {{ help: string, commandLines: readonly (readonly string[])[] }} options
 * @returns {Command}
 */
function check({ help, commandLines }) {
  return {
    help,
    check: withoutOptions(help),
    async run() {
      await setUp();
      const { passOn } = await import("./tools/pass-on.mjs");
      for (const commandLine of commandLines) {
        const code = await passOn([process.execPath, ...commandLine], { cwd: ROOT });
        if (code !== 0) return code;
      }
      return 0;
    },
  };
}

/** @param {readonly string[]} parameters */
async function startCli(parameters) {
  if (!hasCli(ROOT)) {
    const answer = answerFromHelp(parameters, { root: ROOT });
    if (answer !== undefined) {
      console.log(answer.trimEnd());
      return 0;
    }
  } else if (asksForHelp(parameters) || asksForHelp(parameters.slice(1))) {
    return runCli(parameters, { root: ROOT }); // as it was compiled before, since help needs no compiler
  }
  if (parameters[0] === "setup") return startCommand(parameters); // npx tslora setup
  await setUp();
  return runCli(parameters, { root: ROOT });
}

/**
 * Sets up what is missing and runs a command. Help and usage errors come first, before any set-up.
 *
 * @param {readonly string[]} commandLine  the command and its arguments
 * @returns {Promise<number>} the exit code
 */
export async function startCommand([command = "setup", ...parameters]) {
  // As in: node src/setup/start.mjs study -- --quiet.
  if (parameters[0] === "--" && command !== "test") parameters.shift();
  try {
    const load = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (load === undefined) return await startCli(command === "cli" ? parameters : [command, ...parameters]);
    const { help, check, run } = await load();
    if (asksForHelp(parameters)) {
      console.log(wrapHelp(help));
      return 0;
    }
    check(parameters);
    return await run(parameters);
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    console.error(error.message);
    return error instanceof UsageError ? error.exitCode : 1;
  }
}
