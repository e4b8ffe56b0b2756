import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { tokenAdvice } from "../hub-problem";
import { hubSettings, type HubSettings } from "../hub-settings";
import { expectSendable } from "../hub-token";
import { reporting } from "../reporting";
import { pauseFor, type Pause } from "../retry-pause";
import { expectUnchanged, hashFile, type HashedFile } from "./file-hashes";
import type { PushContext } from "./hub-fetch";
import { HubRepository } from "./hub-repository";
import type { LocalFile } from "./list-files";
import { checkFolder, type PreparedPush } from "./prepare-push";
import type { PushOptions } from "./push-options";
import { aborted, mayGoOn } from "./push-problem";
import { SentBytes } from "./push-progress";

/** A finished push. */
export interface PushedRepository extends PreparedPush {
  /** The repository's page. */
  readonly url: string;
  /** The commit with the files: a new one, or an existing one that already had all of them. */
  readonly commit: string;
  /** The pull request, if `createPr` is set and a file differs. */
  readonly pullRequestUrl?: string;
  /** Paths that the commit changes; empty if the repository already had all files, so that no commit was made. */
  readonly changed: readonly string[];
  /** Paths whose bytes were sent: small changed files, and large ones that the Hub did not hold yet. */
  readonly sent: readonly string[];
}

/** Most rounds of a push: a lost answer, a refused upload or a commit by others starts a new round. */
const ROUNDS = 3;

/**
 * Pushes a saved adapter or model, with its tokenizer and card, to the Hugging Face Hub. Makes the repository and the
 * branch if they do not exist. Files whose hash the repository already has are not sent again, so that an interrupted
 * push continues where it stopped. Files are sent to the Hub that HF_ENDPOINT names, with the token of HF_TOKEN or of
 * `hf auth login`.
 *
 * @throws TsloraError `bad-option` and `bad-input` before anything is sent (see `preparePush`); `bad-input` or
 *   `not-found` with the Hub's reason if it refuses; `unreachable` after several attempts; `aborted`. An error of
 *   `onProgress` stops the push before the commit, and is thrown.
 */
export async function pushToHub(options: PushOptions): Promise<PushedRepository> {
  return pushWith(options, { pause: pauseFor, called: "pushToHub" });
}

/** {@link pushToHub} with a clock, and with the call's name for messages. */
export async function pushWith(
  options: PushOptions,
  { pause, called }: { readonly pause: Pause; readonly called: string },
): Promise<PushedRepository> {
  const settings = checkedSettings(options, called);
  const { push, sources } = await checkFolder(options, called);
  const { report, signal, throwFailure } = reporting(options.onProgress, options.signal);
  const watched: PushOptions = { ...options, onProgress: report };
  const context: PushContext = {
    settings,
    repoId: push.repoId,
    signal,
    pause,
    onWait: (seconds, reason) => report({ phase: "waiting", seconds, reason }),
  };
  const files: HashedFile[] = [];
  try {
    await openAll(sources, { files, options: watched, signal });
    const repository = new HubRepository(context);
    await ensureRepository(repository, { options: watched, push, settings });
    return await pushRounds(repository, { files, push, options: watched, settings });
  } catch (error) {
    throwFailure();
    throw signal.aborted && !(error instanceof TsloraError) ? aborted() : error;
  } finally {
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
}

/** @throws TsloraError `bad-option` if nothing can be sent with these settings */
function checkedSettings(options: PushOptions, called: string): HubSettings {
  const problems = new Problems(called);
  const settings = hubSettings(options, problems);
  const { token, tokenFrom = "the options", offline, offlineFrom } = settings;
  problems.expect(!offline, `${offlineFrom} is set, so nothing is sent. Unset it to push`);
  problems.expect(token !== undefined && token !== "", `a token is needed. ${tokenAdvice(settings, "write")}`);
  problems.throwIfAny();
  expectSendable(token ?? "", tokenFrom);
  return settings;
}

async function openAll(
  sources: readonly LocalFile[],
  to: { files: HashedFile[]; options: PushOptions; signal: AbortSignal },
): Promise<void> {
  const { files, options, signal } = to;
  const total = sources.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const onBytes = (more: number): void => {
    bytes += more;
    options.onProgress?.({ phase: "reading", bytes, total });
  };
  for (const source of sources) files.push(await hashFile(source, { signal, onBytes }));
}

interface Target {
  readonly options: PushOptions;
  readonly push: PreparedPush;
  readonly settings: HubSettings;
}

/** Makes the repository and the branch, if they do not exist. */
async function ensureRepository(repository: HubRepository, { options, push, settings }: Target): Promise<void> {
  const { repoId, revision, createPr } = push;
  const page = `${settings.endpoint}/${repoId}`;
  let found = await repository.state("main");
  if (found === undefined && createPr)
    throw new TsloraError(
      "not-found",
      `There is no repository at ${page} for a pull request, or the token may not see it. Check the name.`,
    );
  if (found === undefined && !(await repository.create({ private: options.private }))) {
    found = await repository.state("main"); // either another push has just created it, or the token may not see it
    if (found === undefined)
      throw new TsloraError(
        "bad-input",
        `The name ${repoId} is taken by a repository that the token may not see. Choose another name. ${tokenAdvice(settings, "write")}`,
      );
  }
  if (options.private === true && found?.private === false)
    throw new TsloraError(
      "bad-option",
      `${page} is public, and private: true holds for new repositories only. Make it private in its settings, or choose another name.`,
    );
  if (revision === "main" || (await repository.state(revision)) !== undefined) return;
  if (createPr || revision.startsWith("refs/"))
    throw new TsloraError("not-found", `${page} has no branch or pull request ${revision}. Give one that exists.`);
  await repository.createBranch(revision);
}

/** Results of earlier rounds of a push. */
interface Done {
  readonly sent: Set<string>;
  /** Paths of the last commit, whose answer may have been lost. */
  readonly changed: Set<string>;
}

/** Compares, sends and commits. Starts another round if the outcome of a round is unknown. */
async function pushRounds(
  repository: HubRepository,
  target: Target & { readonly files: readonly HashedFile[] },
): Promise<PushedRepository> {
  const done: Done = { sent: new Set(), changed: new Set() };
  for (let round = 1; ; round++) {
    try {
      return await pushRound(repository, target, done);
    } catch (error) {
      const lost = error instanceof TsloraError && error.details.lost === true;
      if (!mayGoOn(error) || round === ROUNDS || (lost && target.push.createPr)) throw error;
    }
  }
}

async function pushRound(
  repository: HubRepository,
  { files, push, options, settings }: Target & { readonly files: readonly HashedFile[] },
  done: Done,
): Promise<PushedRepository> {
  const url = `${settings.endpoint}/${push.repoId}`;
  const state = await repository.state(push.revision);
  if (state === undefined) throw new TsloraError("not-found", `${url} has no branch ${push.revision} any more.`);
  const paths = files.map(({ path }) => path);
  const remote = await repository.hashes(paths, state.commit);
  const changed = files.filter(({ path, sha256, gitHash }) => ![sha256, gitHash].includes(remote.get(path) ?? ""));
  if (changed.length === 0)
    return { ...push, url, commit: state.commit, changed: [...done.changed], sent: [...done.sent].sort() };
  const sizes = new Map(changed.map(({ path, size }) => [path, size]));
  const counter = new SentBytes(sizes, (bytes, total) => options.onProgress?.({ phase: "sending", bytes, total }));
  done.changed.clear();
  try {
    const { commit, pullRequestUrl } = await repository.commit(changed, {
      revision: push.revision,
      parent: state.commit,
      message: push.commitMessage,
      description: options.commitDescription,
      createPr: push.createPr,
      sent: counter,
      beforeCommit: async () => {
        await expectUnchanged(changed);
        for (const path of sizes.keys()) done.changed.add(path);
        for (const path of counter.small) done.sent.add(path);
        options.onProgress?.({ phase: "committing" });
      },
    });
    for (const path of counter.large) done.sent.add(path);
    return {
      ...push,
      url,
      commit: commit.oid,
      pullRequestUrl,
      changed: [...sizes.keys()],
      sent: [...done.sent].sort(),
    };
  } catch (error) {
    for (const path of counter.large) done.sent.add(path);
    throw error;
  }
}
