// @ts-check
import { hasCli } from "./cli-help.mjs";
import { runCli } from "./commands/run-cli.mjs";
import { PLACES, ROOT, setUpInstalled } from "./set-up-installed.mjs";
import { asksForHelp, UsageError } from "./tools/read-options.mjs";
import { SetUpError } from "./tools/set-up-error.mjs";

/**
 * Further parts of the set-up.
 * @type {Readonly<Record<string, { mpnet?: boolean, allInstructions?: boolean }>>}
 */
const PARTS = { mpnet: { mpnet: true }, instructions: { allInstructions: true } };

/**
 * Runs a command of an installed package. `setup` installs TensorFlow and the embedded encoder; every other command
 * runs at once, and reports what is not set up.
 *
 * @param {readonly string[]} commandLine  `cli`, then the arguments after `tslora`
 * @returns {Promise<number>} the exit code
 */
export async function startCommand([, ...parameters]) {
  try {
    if (!hasCli(ROOT))
      throw new SetUpError(
        `The package in ${ROOT} must hold the compiled command line; it is missing. Install it again.`,
      );
    const [command, ...rest] = parameters;
    if (command === "setup" && !asksForHelp(rest)) return await setUpWith(rest);
    return await runCli(parameters, { root: ROOT });
  } catch (error) {
    if (!(error instanceof SetUpError)) throw error;
    console.error(error.message);
    return error instanceof UsageError ? error.exitCode : 1;
  }
}

/** @param {readonly string[]} names */
async function setUpWith(names) {
  const unknown = names.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0)
    throw new UsageError(
      `tslora setup takes the names ${Object.keys(PARTS).join(", ")}; got ${unknown.slice(0, 3).join(", ").slice(0, 120)}.`,
    );
  await setUpInstalled(Object.assign({}, ...names.map((name) => PARTS[name])));
  console.error(
    `TensorFlow is set up in ${PLACES.site}/.tslora. Jupyter finds the kernels with JUPYTER_PATH=${PLACES.project}/.tslora/jupyter/data.`,
  );
  return 0;
}
