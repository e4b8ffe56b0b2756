import { existsSync } from "node:fs";
import { join } from "node:path";

import { setUpCommand, setUpFolder } from "../base/places";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import type { InstalledName, ResolvedModel } from "./resolved-model";

/** A model that set-up installs. */
interface InstalledModel {
  /** Its name on the Hub, where the file has the same checksum. Its adapters name this as their base. */
  readonly id: string;
  /** Its folder below `.tslora/models`. */
  readonly folder: string;
  readonly title: string;
  /** The name that the set-up command needs to install it. */
  readonly part: string;
}

/** The models that set-up installs, by the name that selects each of them. */
const INSTALLED = {
  embedded: {
    id: "sentence-transformers/all-MiniLM-L6-v2",
    folder: "all-MiniLM-L6-v2",
    title: "the embedded encoder, all-MiniLM-L6-v2",
    part: "",
  },
  mpnet: {
    id: "sentence-transformers/all-mpnet-base-v2",
    folder: "all-mpnet-base-v2",
    title: "MPNet, all-mpnet-base-v2",
    part: "mpnet",
  },
} satisfies Record<InstalledName, InstalledModel>;

const NAMES: readonly InstalledName[] = ["embedded", "mpnet"];

/** The installed model that `model` names, if it names one. */
export function installedName(model: string): InstalledName | undefined {
  return NAMES.find((name) => name === model);
}

/** The installed model whose weights are those of a model on the Hub: set-up compared the checksum. */
export function installedById(id: string): InstalledName | undefined {
  return NAMES.find((name) => INSTALLED[name].id === id && existsSync(folderOf(name)));
}

/**
 * The folder of an installed model.
 *
 * @param why - the reason of the choice, for the notice
 * @throws TsloraError `not-found` with the command that installs it
 */
export function installedModel(name: InstalledName, why: string): ResolvedModel {
  const { id, title, part } = INSTALLED[name];
  const directory = folderOf(name);
  if (!existsSync(directory))
    throw new TsloraError(
      "not-found",
      `${title[0]?.toUpperCase() ?? ""}${title.slice(1)}, must be at ${shownPath(directory)}; it is not. Run \`${setUpCommand(part)}\`, which installs it.`,
    );
  return {
    id,
    directory,
    origin: { kind: "installed", name },
    notice: `Model: ${title}, ${why.replace(/\.$/, "")}.`,
  };
}

function folderOf(name: InstalledName): string {
  return join(setUpFolder(), "models", INSTALLED[name].folder);
}
