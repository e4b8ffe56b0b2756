import { statSync } from "node:fs";

import { Problems } from "../base/problems";
import { PRECISIONS, type PredictionPrecision } from "../classifier/precisions";
import type { DeviceOptions } from "../device/device";
import type { ProblemType } from "../model/encoder-config";

/** An adapter to serve: its name in requests, and its folder in peft's format. */
export type AdapterFolders = Readonly<Record<string, string>>;

/** Options of {@link serve}. */
export interface ServeOptions extends DeviceOptions {
  /** The base of all adapters, or a trained model: "embedded", a folder, or a name on the Hugging Face Hub. */
  readonly model: string;
  /**
   * Folders of adapters in peft's format, by their names in requests. A name consists of letters, digits, - and _.
   * @default none: requests go to the model itself
   */
  readonly adapters?: AdapterFolders;
  /**
   * Names of the classes, in the order of their numbers.
   * @default for an adapter those of the run that trained it, else the model's
   */
  readonly labels?: readonly string[];
  /**
   * Whether a text has one of the labels (softmax) or any number of them (sigmoid).
   * @default for an adapter that of the run that trained it, else the model's
   */
  readonly problemType?: ProblemType;
  /**
   * Numbers that predictions are computed with; "int8" on the processor alone. Adapters stay in 32-bit floats.
   * @default "float32"
   */
  readonly precision?: PredictionPrecision;
  /**
   * Address to listen on. Any address other than loopback is open to the network: put a proxy with TLS and access
   * control in front of it.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * Port to listen on; 0 for a free one.
   * @default 8080
   */
  readonly port?: number;
  /**
   * Most tokens of a text. A longer text is truncated if the request sets `truncate`, else refused with 413.
   * @default 512, or the number of positions of the model if smaller
   */
  readonly maxLength?: number;
  /**
   * Most tokens in one forward pass. A single text may have more.
   * @default 4096
   */
  readonly maxBatchTokens?: number;
  /**
   * Most texts in one request; more are refused with 413.
   * @default 32
   */
  readonly maxClientBatchSize?: number;
  /**
   * Most bytes of a request's body; more are refused with 413.
   * @default 2000000
   */
  readonly payloadLimit?: number;
  /**
   * Most texts that wait; a request that would exceed it is refused with 429.
   * @default 512
   */
  readonly maxQueue?: number;
  /**
   * A request that is not answered after so many milliseconds gets 504.
   * @default 60000
   */
  readonly timeout?: number;
  /**
   * The token that requests to add or remove adapters carry as `Authorization: Bearer TOKEN`: printable ASCII
   * characters, at least 16. Never printed.
   * @default none: such requests get 404
   */
  readonly adminToken?: string;
  /**
   * The folder that adapters added at run time must be in. It must exist, and needs `adminToken`.
   * @default none: adapters can be removed, but none added
   */
  readonly adapterDirectory?: string;
  /** Called with a sentence about each choice and each event that an operator should know. */
  readonly onNotice?: (text: string) => void;
}

/** The defaults of {@link ServeOptions}. */
export const SERVE_DEFAULTS = {
  host: "127.0.0.1",
  port: 8080,
  maxBatchTokens: 4096,
  maxClientBatchSize: 32,
  payloadLimit: 2_000_000,
  maxQueue: 512,
  timeout: 60_000,
} as const;

/** The limits of the server, with defaults. */
export type ServeLimits = Readonly<
  Record<"maxBatchTokens" | "maxClientBatchSize" | "payloadLimit" | "maxQueue" | "timeout", number>
>;

/** Shortest token that is accepted, since shorter ones could be guessed. */
const SHORTEST_TOKEN = 16;
/** Tokens that arrive in a header as they were sent. */
const SENDABLE = /^(?! )[ -~]*(?<! )$/;

/** @throws TsloraError `bad-option` that lists everything wrong with the options. */
export function checkServeOptions(options: ServeOptions): ServeLimits {
  const {
    maxBatchTokens = SERVE_DEFAULTS.maxBatchTokens,
    maxClientBatchSize = SERVE_DEFAULTS.maxClientBatchSize,
    payloadLimit = SERVE_DEFAULTS.payloadLimit,
    maxQueue = SERVE_DEFAULTS.maxQueue,
    timeout = SERVE_DEFAULTS.timeout,
    port = SERVE_DEFAULTS.port,
  } = options;
  const limits = { maxBatchTokens, maxClientBatchSize, payloadLimit, maxQueue, timeout };
  const problems = new Problems("serve");
  problems.expect(typeof options.model === "string" && options.model !== "", "model must be a name or a folder");
  for (const [name, value] of Object.entries(limits))
    problems.expect(
      Number.isSafeInteger(value) && value >= 1,
      `${name} must be a whole number of at least 1; got ${String(value)}`,
    );
  problems.expect(timeout < 2 ** 31, `timeout must be below 2^31 milliseconds; got ${String(timeout)}`);
  problems.expect(
    Number.isInteger(port) && port >= 0 && port <= 65_535,
    `port must be a whole number from 0 to 65535; got ${String(port)}`,
  );
  problems.expect(
    PRECISIONS.includes(options.precision ?? "float32"),
    `precision must be "float32", "bf16" or "int8"; got ${JSON.stringify(options.precision)}`,
  );
  for (const name of Object.keys(options.adapters ?? {}))
    problems.expect(isAdapterName(name), `an adapter's name ${NAME_RULE}; got ${JSON.stringify(name)}`);
  problems.expect(
    options.adminToken === undefined || options.adminToken.length >= SHORTEST_TOKEN,
    `adminToken must have at least ${SHORTEST_TOKEN} characters`,
  );
  problems.expect(
    options.adminToken === undefined || SENDABLE.test(options.adminToken),
    "adminToken must be printable ASCII characters, with no space or line end at its beginning or end, since " +
      "a request's header cannot hold other characters",
  );
  expectAdapterDirectory(options, problems);
  problems.throwIfAny();
  return limits;
}

function expectAdapterDirectory({ adapterDirectory, adminToken }: ServeOptions, problems: Problems): void {
  if (adapterDirectory === undefined) return;
  problems.expect(
    adminToken !== undefined,
    "adapterDirectory needs adminToken: without it no request can add an adapter",
  );
  problems.expect(
    isFolder(adapterDirectory),
    `adapterDirectory must be a folder that exists; got ${JSON.stringify(adapterDirectory)}`,
  );
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // missing, or not a path
  }
}

/** The rule of an adapter's name, for messages. */
export const NAME_RULE = "must be 1 to 64 letters, digits, - and _";

/** Whether a text can name an adapter. */
export function isAdapterName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name);
}
