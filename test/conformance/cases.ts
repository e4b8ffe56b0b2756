/** Runs each notebook, to compare. */
export type Original = "nbclient" | "papermill";

export const ORIGINALS: readonly Original[] = ["nbclient", "papermill"];

/** A difference that is meant: exactly where, and why. */
export interface MeantDifference {
  /** "some" where it is a matter of time how much differs. */
  readonly places: readonly string[] | "some";
  readonly reason: string;
}

/** A notebook of `notebooks/`, how it is run, and where ours is meant to differ. */
export interface ConformanceCase {
  readonly name: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The limit of a cell, in seconds. */
  readonly timeout?: number;
  readonly allowErrors?: boolean;
  /** Runners that it is compared with. @default both */
  readonly against?: readonly Original[];
  readonly differs?: Readonly<Partial<Record<Original, MeantDifference>>>;
}

const TSLAB_ERRORS = "tslab prints its failures; ours are Jupyter errors, with a stack in cells and lines";
const DEATH = "ours says in the cell why the kernel ended";
const LANGUAGE = "papermill asks for the language at the end";
const ALLOWED: MeantDifference = {
  places: ["status: ok, theirs error"],
  reason: "papermill fails a run over an error that a tag allows",
};
const INJECTED: MeantDifference = {
  places: ["cell 3, source"],
  reason: "papermill ends the injected cell with an empty line",
};

function both(places: readonly string[] | "some", reason: string): ConformanceCase["differs"] {
  return { nbclient: { places, reason }, papermill: { places, reason } };
}

/** Differences that may occur in several notebooks, and so are not listed again. */
export const EVERYWHERE: readonly {
  readonly against: readonly Original[];
  readonly notebooks: RegExp;
  readonly place: RegExp;
  readonly reason: string;
}[] = [
  {
    against: ["papermill"],
    notebooks: /^typescript-/,
    place: /, execution_count$/,
    reason: "papermill takes counts from messages alone, and tslab's have none",
  },
  {
    against: ORIGINALS,
    notebooks: /-kernel-death$/,
    place: /, execution_count$/,
    reason: "counts come in messages, and a kernel may end before it has sent them or before they are read",
  },
];

/** Notebooks that need options, and every difference that is intended. */
export const CASES: readonly ConformanceCase[] = [
  { name: "typescript-errors", differs: both(["cell 3, outputs"], TSLAB_ERRORS) },
  { name: "typescript-type-error", differs: both(["cell 2, outputs"], TSLAB_ERRORS) },
  {
    name: "typescript-raises-exception",
    differs: both(
      ["cell 2, outputs", "cell 3, outputs"],
      `${TSLAB_ERRORS}; and tslab drops the cell that follows at once`,
    ),
  },
  {
    name: "typescript-rejection",
    differs: {
      nbclient: {
        places: ["status: error, theirs ok", "cell 2, outputs", "cell 3, execution_count", "cell 3, outputs"],
        reason: "a rejection that nobody awaits fails its cell",
      },
      papermill: {
        places: ["status: error, theirs ok", "cell 2, outputs", "cell 3, outputs"],
        reason: "a rejection that nobody awaits fails its cell",
      },
    },
  },
  {
    name: "typescript-kernel-death",
    differs: {
      nbclient: { places: ["cell 3, outputs"], reason: DEATH },
      papermill: { places: ["metadata, language_info", "cell 3, outputs"], reason: `${DEATH}; ${LANGUAGE}` },
    },
  },
  {
    name: "typescript-many-lines",
    differs: both(
      "some",
      "tslab drops what it cannot send at once, and perhaps the message that ends the cell; ours waits",
    ),
  },
  {
    name: "typescript-parameters",
    parameters: { n: 5, mode: "b" },
    against: ["papermill"],
    differs: { papermill: { places: "some", reason: "papermill has no parameters for TypeScript" } },
  },
  { name: "python-allow-errors", allowErrors: true },
  {
    name: "python-carriage-returns",
    differs: both(["cell 2, outputs"], "they keep every character; ours keeps what is seen in a terminal and in Lab"),
  },
  {
    name: "python-streams",
    differs: both(["cell 5, outputs"], "the shell's line ends, \\r\\n, are \\n in ours, as they look"),
  },
  {
    name: "python-exit",
    differs: {
      papermill: {
        places: ["status: error, theirs ok"],
        reason: "papermill takes sys.exit(0) for a good end; for ours and nbclient cells behind it were not executed",
      },
    },
  },
  {
    name: "python-error-chain",
    differs: both(
      "some",
      "an exception group is only in the reply, from which ours makes an error output; and papermill fails over errors that a tag allows",
    ),
  },
  { name: "python-input", differs: { papermill: ALLOWED } },
  { name: "python-raises-exception", differs: { papermill: ALLOWED } },
  {
    name: "python-raises-nothing",
    differs: both(
      ["status: error, theirs ok", "cell 2, outputs", "cell 3, execution_count", "cell 3, outputs"],
      "a cell that is to raise an exception and raises none fails",
    ),
  },
  {
    name: "python-stale-outputs",
    differs: {
      nbclient: {
        places: ["cell 4, execution_count", "cell 4, outputs"],
        reason: "a skipped cell keeps no output of an earlier run",
      },
    },
  },
  {
    name: "python-kernel-death",
    differs: {
      nbclient: { places: ["cell 3, outputs"], reason: DEATH },
      papermill: { places: ["metadata, language_info", "cell 3, outputs"], reason: `${DEATH}; ${LANGUAGE}` },
    },
  },
  {
    name: "python-timeout",
    timeout: 2,
    differs: {
      nbclient: { places: ["cell 3, outputs"], reason: "ours adds which limit it was" },
      papermill: {
        places: ["metadata, language_info", "cell 3, outputs"],
        reason: `ours adds which limit it was; ${LANGUAGE}`,
      },
    },
  },
  {
    name: "python-working-folder",
    differs: {
      papermill: { places: ["cell 2, outputs"], reason: "papermill's kernel works where papermill was started" },
    },
  },
  {
    name: "python-parameters",
    parameters: { n: 5, name: 'a "b"\n', flag: true, list_of: [1, 2.5, "x", null, { a: false }] },
    against: ["papermill"],
    differs: { papermill: INJECTED },
  },
  { name: "python-parameters-again", parameters: { n: 3 }, against: ["papermill"], differs: { papermill: INJECTED } },
];
