import type { JobDocument } from "../contract/job-document";
import type { JobManifest } from "../contract/job-manifest";
import type { StoredManifest } from "../contract/manifest-hash";

/** The last failure of a job, for drivers that do not talk with their workers. */
export interface JobFailure {
  readonly attempts: number;
  readonly error: string;
}

/** The right to run a job; one worker at a time has it. */
export interface JobClaim {
  /** Aborted if another worker took the claim, because this process did not run for a long time. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Options of a claim. */
export interface ClaimOptions {
  /** The processes that work on the job; the claim holds while one of them runs. */
  readonly processes: readonly number[];
  readonly signal?: AbortSignal;
  /** Asked while another worker has the claim; true ends the wait. */
  readonly until?: () => Promise<boolean>;
}

/**
 * Where documents, results, checkpoints and manifests of jobs are. Workers on many machines use it at the same time. It
 * relies on no clock: workers' clocks may differ.
 */
export interface JobStore {
  /** Whether the store is a folder that this machine reaches, or objects. */
  readonly kind: "folder" | "objects";
  /** The folder or URL, for messages and for {@link openStore} in another process. */
  readonly place: string;
  /** Identifies the store on every machine that reaches it. */
  readonly id: string;

  /** The local folder of inputs that documents name by relative paths. */
  readonly inputFolder: string;
  /**
   * Stores an input, unless it is there.
   *
   * @param path - relative; it names the content, such as by its hash
   * @throws TsloraError `not-saved` if it cannot be written
   */
  addInput(path: string, content: string): Promise<void>;
  /** Makes an input of the store present in {@link inputFolder}, if the store has it. */
  fetchInput(path: string): Promise<void>;

  /**
   * Stores a document, or finds it there.
   *
   * @throws TsloraError `in-use` if the store has another document of this name, `not-saved` if it cannot be written
   */
  addDocument(document: JobDocument): Promise<void>;
  /**
   * Reads a document and checks all but its settings.
   *
   * @throws TsloraError `not-found`, or `bad-input` if it is not a document
   */
  readDocument(name: string): Promise<JobDocument>;

  readManifest(name: string): Promise<StoredManifest>;
  /** Names of all jobs that have a manifest, whether or not it holds. */
  manifestNames(): Promise<ReadonlySet<string>>;
  /** The difference of the result's files from a manifest; undefined if there is none. */
  damageOf(manifest: JobManifest): Promise<string | undefined>;
  /** The local path of a result's file; storage that is not on this machine is asked for a copy. */
  resultFile(name: string, path: string): Promise<string>;
  /** Removes this machine's copies of a result. The result stays. */
  releaseResult(name: string): Promise<void>;

  /** Makes an empty folder for a result, on the results' file system. */
  newResultFolder(name: string): Promise<string>;
  /** Makes or finds the folder of a job's checkpoints. */
  workFolder(name: string): Promise<string>;
  /**
   * Makes the checkpoints in the work folder those that the next worker finds; at most every few seconds unless
   * `always` is set.
   */
  saveWork(name: string, options?: { readonly always?: boolean }): Promise<void>;
  /**
   * Makes a result final: moves the folder into place, then writes the manifest. The first manifest of a job wins.
   *
   * @returns the manifest that is now in the store
   */
  publish(manifest: JobManifest, resultFolder: string): Promise<JobManifest>;
  /** Removes a manifest, as it was read, and its result: they do not hold. */
  retire(name: string, manifest: StoredManifest): Promise<void>;
  /** Removes checkpoints and incomplete results of a job that is done. */
  clean(name: string): Promise<void>;

  /** Waits until no other worker has the job. Undefined if `until` ended the wait. */
  claim(name: string, options: ClaimOptions): Promise<JobClaim | undefined>;

  /** Asks the worker that runs a job to stop it. */
  requestStop(name: string): Promise<void>;
  stopRequested(name: string): Promise<boolean>;
  writeFailure(name: string, failure: JobFailure): Promise<void>;
  readFailure(name: string): Promise<JobFailure | undefined>;
  /** Forgets a request to stop and a failure: the job is to run again. */
  forget(name: string): Promise<void>;
}
