import type { Problems } from "../../base/problems";
import { shownValue } from "../../base/shown-value";
import type { HubSettings } from "../hub-settings";
import { isRevision, nameFault } from "../repo-name";
import type { PushProgress } from "./push-progress";

/** Content and target of a push; the names are those of huggingface_hub's `upload_folder`. */
export interface PushTarget {
  /** The folder of a saved adapter or model. */
  readonly directory: string;
  /** The repository, as owner/name. */
  readonly repoId: string;
  /**
   * The branch. A missing one is made from main. With `createPr` it must exist.
   * @default "main"
   */
  readonly revision?: string;
  /** @default "Upload with tslora" */
  readonly commitMessage?: string;
  /** Text below the message. */
  readonly commitDescription?: string;
  /**
   * Opens a pull request with the commit, instead of changing the branch.
   * @default false
   */
  readonly createPr?: boolean;
  /**
   * Makes a new repository private. An existing one that is public is an error.
   * @default false, or what the owner has set for new repositories
   */
  readonly private?: boolean;
}

/** Options of `pushToHub`. */
export interface PushOptions extends PushTarget, Partial<Omit<HubSettings, "cacheDir">> {
  /** Stops the push. What is stored by then need not be sent again. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PushProgress) => void;
}

export const DEFAULT_MESSAGE = "Upload with tslora";

/** Notes what is wrong with the target, as far as it can be seen without a request. */
export function checkTarget(problems: Problems, target: PushTarget): void {
  const { repoId, revision, commitMessage } = target;
  const fault = nameFault(repoId, { owner: true });
  problems.expect(fault === undefined, `repoId ${fault ?? ""}; got ${shownValue(repoId)}`);
  problems.expect(
    revision === undefined || isRevision(revision),
    `revision must name a branch, or a pull request such as refs/pr/3; got ${shownValue(revision)}`,
  );
  problems.expect(
    commitMessage === undefined || commitMessage.trim() !== "",
    `commitMessage must be a text; got ${shownValue(commitMessage)}`,
  );
}
