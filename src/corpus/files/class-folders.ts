import { compareCodePoints } from "../../base/compare-code-points";
import { shownNames } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";

/** Maps the files of an archive or folder to their class folders. */
export interface ClassFolders {
  /** The folders' names and their labels, in the order of the frame. */
  readonly classes: Readonly<Record<string, number>>;
  /** The class folder that holds a path; undefined if none does. */
  readonly folderOf: (name: string) => string | undefined;
  /** A path without the folders that all files share, used as the name of the text. */
  readonly below: (name: string) => string;
}

/** Class folders by given names: a file belongs to the nearest parent folder with one of the names. */
export function namedFolders(names: readonly string[], classes: Readonly<Record<string, number>>): ClassFolders {
  const above = sharedFolders(names);
  const folderOf = (name: string): string | undefined =>
    name
      .split("/")
      .slice(0, -1)
      .reverse()
      .find((part) => Object.hasOwn(classes, part));
  return { classes, folderOf, below: (name) => name.split("/").slice(above).join("/") };
}

/**
 * Takes every folder directly below the texts' common folder as a class, numbered from 0 in sorted order.
 *
 * @param where - the archive or folder, for messages
 * @throws TsloraError `bad-input` if texts are in deeper folders, since the level of the classes is then unclear.
 */
export function foundFolders(where: string, names: readonly string[]): ClassFolders {
  const above = sharedFolders(names);
  const parts = names.map((name) => name.split("/").slice(above));
  const deep = parts.filter((path) => path.length > 2);
  if (deep.length > 0) {
    const folders = [...new Set(deep.map((path) => path.slice(0, -1).join("/")))].sort(compareCodePoints);
    throw new TsloraError(
      "bad-input",
      `${where}: each class must be a folder of texts; got folders within folders (${shownNames(folders)}). Give the folder whose sub-folders are the classes, or name the class folders by labels.`,
      { details: { folders } },
    );
  }
  const found = [...new Set(parts.filter((path) => path.length === 2).map(([folder]) => folder))].sort(
    compareCodePoints,
  );
  const known = new Set(found);
  const folderOf = (name: string): string | undefined => {
    const path = name.split("/").slice(above);
    return path.length === 2 && known.has(path[0]) ? path[0] : undefined;
  };
  return {
    classes: Object.fromEntries(found.map((name, label) => [name, label])),
    folderOf,
    below: (name) => name.split("/").slice(above).join("/"),
  };
}

/** Number of leading folders that all paths share; the last folder above a file never counts. */
function sharedFolders(names: readonly string[]): number {
  const [first, ...others] = names.map((name) => name.split("/"));
  if (first === undefined) return 0;
  let shared = first.length - 2;
  for (const path of others) {
    shared = Math.min(shared, path.length - 2);
    let same = 0;
    while (same < shared && path[same] === first[same]) same++;
    shared = same;
  }
  return Math.max(0, shared);
}
