import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

import { TsloraError } from "./tslora-error";

/** The folders of a clone, or of a project that installed the package, as `src/setup/places.cjs` finds them. */
export interface Places {
  /** The clone, or the installed package. */
  readonly root: string;
  /** The clone, or the project whose node_modules holds the package. */
  readonly project: string;
  /** The folder whose `.tslora` holds what set-up installs: clone, project, or a folder in TSLORA_HOME. */
  readonly site: string;
  /** The compiled package. */
  readonly compiled: string;
  readonly installed: boolean;
  /** The command that runs set-up. */
  readonly setUp: string;
}

interface Decision {
  placesOf(root: string): Places;
  packageFolder(name: string, places: Places): string | undefined;
}

let known: { readonly decision: Decision; readonly places: Places } | undefined;

/** The places of this clone or installed package. */
export function places(): Places {
  return load().places;
}

/**
 * The clone or the installed package: the nearest folder above this file that holds `src/setup`, whether this file runs
 * from `src`, from the compiled package or from the compiled tests.
 */
export function projectRoot(): string {
  return places().root;
}

/** The folder into which set-up installs: in TSLORA_HOME, if it is set and the package is installed. */
export function setUpFolder(): string {
  return join(places().site, ".tslora");
}

/** The command that runs set-up, for the named part of it if one is given. */
export function setUpCommand(part = ""): string {
  const { installed, setUp } = places();
  return part === "" ? setUp : `${setUp} ${installed ? "" : "-- "}${part}`;
}

/** The folder of an npm package that tslora uses; undefined if it is not installed. */
export function packageFolder(name: string): string | undefined {
  const { decision, places } = load();
  return decision.packageFolder(name, places);
}

/**
 * The folder of an npm package that tslora depends on.
 *
 * @throws TsloraError `not-found` if it is not installed.
 */
export function requiredPackage(name: string): string {
  const folder = packageFolder(name);
  if (folder !== undefined) return folder;
  const { installed, setUp } = places();
  throw new TsloraError(
    "not-found",
    `The package ${name} must be installed beside tslora; it is missing. Run ${installed ? "npm install" : setUp}.`,
  );
}

function load(): NonNullable<typeof known> {
  if (known !== undefined) return known;
  const root = findRoot();
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- set-up decides before anything is compiled
  const decision = require(join(root, "src", "setup", "places.cjs")) as Decision;
  return (known = { decision, places: decision.placesOf(root) });
}

function findRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "src", "setup", "start.mjs"))) return folder;
    if (folder === dirname(folder)) {
      throw new TsloraError(
        "not-found",
        `tslora's folder was expected above ${__dirname}, but no folder there holds src/setup/start.mjs. Install tslora again, or run it from its clone.`,
      );
    }
  }
}
