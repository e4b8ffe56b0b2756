import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import { pullFromHub, type PulledModel, type PullOptions } from "../../hub/pull-from-hub";
import { installedById, installedModel } from "../../hub/installed-models";
import { isRevision, nameFault } from "../../hub/repo-name";
import type { ResolvedModel } from "../../hub/resolve-model";

/** A repository on the Hub and a branch, tag or commit of it. */
export interface HubName {
  readonly id: string;
  readonly revision?: string;
}

/** An adapter that was fetched from the Hub into the cache. */
export interface FetchedAdapter {
  readonly id: string;
  readonly directory: string;
  /** Its place in words. */
  readonly notice: string;
  /** Its base, if it names one that can be fetched. */
  readonly base?: ResolvedModel;
}

/** Parses owner/name[@revision]. Returns undefined for a text that cannot be one. */
export function hubName(text: string): HubName | undefined {
  const at = text.indexOf("@");
  const [id, revision] = at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
  if (nameFault(id, { owner: true }) !== undefined || (revision !== undefined && !isRevision(revision)))
    return undefined;
  return { id, revision };
}

/**
 * Fetches an adapter with its base from the Hub into the cache.
 *
 * @throws TsloraError `bad-option` if the repository holds a model, and the errors of `pullFromHub`.
 */
export async function fetchAdapter(
  { id, revision = "main" }: HubName,
  options: Pick<PullOptions, "signal" | "onProgress">,
): Promise<FetchedAdapter> {
  const pulled = await pullFromHub(id, { revision, ...options }).catch((error: unknown) => {
    if (!(error instanceof TsloraError) || error.code === "aborted") throw error;
    const message = `--adapter: there is no folder ${id}, so it is looked up on the Hub. ${error.message}`;
    throw new TsloraError(error.code, message, { cause: error, details: error.details });
  });
  if (pulled.kind === "model")
    throw new TsloraError("bad-option", `--adapter: ${id} holds a model, not an adapter. Give it with --model.`);
  const commit = pulled.commit === undefined ? "" : `, commit ${pulled.commit.slice(0, 12)}`;
  const { directory, base } = pulled;
  return {
    id,
    directory,
    notice: `${id} at ${revision} from the Hub${commit}, since there is no folder of that name`,
    ...(base === undefined ? {} : { base: resolved(base) }),
  };
}

/** A fetched base, as if it was resolved by its name. */
function resolved({ id, directory, revision }: PulledModel): ResolvedModel {
  const installed = installedById(id);
  if (installed !== undefined) return installedModel(installed, "the adapter's base");
  const at = revision === "main" ? "" : ` at ${revision}`;
  return {
    id,
    directory,
    origin: { kind: "cache" },
    notice: `Model: ${id}${at}, the adapter's base, from ${shownPath(directory)}.`,
  };
}
