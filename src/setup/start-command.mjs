// @ts-check
import { namedPython } from "./jupyter-python.mjs";
import { runCli } from "./run-cli.mjs";
import { runCompiledTest } from "./run-compiled-test.mjs";
import { hasNvidiaDriver } from "./supported-platform.mjs";
import { SetUpError } from "./set-up-error.mjs";
import { ROOT, setUp } from "./set-up.mjs";
import { writeKernelspecs } from "./write-kernelspecs.mjs";

/** Whether the reference environment is to be made; a Python that the user names has its packages. */
const needsReference = () => (process.env["TSLORA_REFERENCE_PYTHON"] ?? "") === "";

/**
 * What is not here is a command of the CLI. What one command alone needs is imported by it: the CLI is to start at once.
 * @type {Readonly<Record<string, (parameters: readonly string[]) => Promise<number>>>}
 */
const COMMANDS = {
  setup: async (parameters) => {
    const more = ["lab", "conformance", "reference", "instructions"];
    const unknown = parameters.filter((name) => !more.includes(name));
    if (unknown.length > 0) throw new SetUpError(`npm run setup knows no ${unknown.join(", ")}; beside what everything needs it sets up ${more.join(", ")}, by these names.`);
    await setUp(Object.fromEntries(parameters.map((name) => [name === "instructions" ? "allInstructions" : name, true])));
    writeKernelspecs(ROOT);
    console.error("tslora is set up: npm run study, npm run lab, npm test.");
    return 0;
  },
  test: async (parameters) => {
    await setUp({ swiftshader: true, allInstructions: true });
    return (await import("./run-tests.mjs")).runTests(parameters, { root: ROOT });
  },
  parity: async (parameters) => {
    await setUp({ reference: needsReference() });
    return (await import("./run-parity.mjs")).runParity(parameters, { root: ROOT });
  },
  "test-fuzz": async (parameters) => {
    await setUp();
    return runCompiledTest("test/fuzz/run.ts", parameters, { root: ROOT });
  },
  conformance: async (parameters) => {
    await setUp({ conformance: namedPython() === undefined });
    return runCompiledTest("test/conformance/run.ts", parameters, { root: ROOT });
  },
  "bench-runner": async (parameters) => {
    await setUp({ conformance: namedPython() === undefined });
    return runCompiledTest("test/conformance/bench.ts", parameters, { root: ROOT });
  },
  bench: async (parameters) => {
    await setUp({ reference: needsReference() });
    return runCompiledTest("test/bench/run.ts", parameters, { root: ROOT });
  },
  "bench-growth": async (parameters) => {
    await setUp();
    return runCompiledTest("test/bench/growth.ts", parameters, { root: ROOT });
  },
  "bench-soak": async (parameters) => {
    await setUp();
    return runCompiledTest("test/bench/soak.ts", parameters, { root: ROOT });
  },
  "bench-profile": async (parameters) => {
    await setUp();
    return runCompiledTest("test/bench/profile.ts", parameters, { root: ROOT });
  },
  pack: async (parameters) => {
    await setUp({ allInstructions: true }); // for another machine's processor
    return (await import("./pack-clone.mjs")).packClone(parameters, { root: ROOT });
  },
  "test-gpu": async (parameters) => {
    if (!hasNvidiaDriver()) {
      console.error("no NVIDIA GPU here: nothing was tested (`npx tslora doctor` tells what was looked for)");
      return 6; // as the command line's exit code for a device that is not what it is to be
    }
    process.env["TSLORA_TENSORFLOW"] ??= "cuda";
    await setUp({ reference: needsReference() });
    return runCompiledTest("test/gpu/run.ts", parameters, { root: ROOT });
  },
  lab: async (parameters) => {
    await setUp({ lab: true });
    return (await import("./open-lab.mjs")).openLab(parameters, { root: ROOT });
  },
  "test-lab": async (parameters) => {
    const { chooseLabTests, runLabTests } = await import("./run-lab-tests.mjs");
    const tests = chooseLabTests(parameters, { root: ROOT });
    await setUp({ lab: tests.browser.length > 0, conformance: tests.tools.length > 0 && namedPython() === undefined });
    return runLabTests(tests, { root: ROOT });
  },
  cli: async (parameters) => {
    await setUp();
    return runCli(parameters, { root: ROOT });
  },
};

/**
 * Sets up what is missing and does a command.
 *
 * @param {readonly string[]} commandLine  the command and its arguments
 * @returns {Promise<number>} the exit code
 */
export async function startCommand([command = "setup", ...parameters]) {
  if (parameters[0] === "--") parameters.shift(); // as in: node src/setup/start.mjs study -- --quiet
  try {
    const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (known !== undefined) return await known(parameters);
    return (await COMMANDS["cli"]?.([command, ...parameters])) ?? 1;
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    console.error(error.message);
    return 1;
  }
}
