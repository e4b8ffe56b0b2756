import { join } from "node:path";

import { requiredPackage } from "../base/places";
import type { JsonRecord } from "../base/json";

/** A message as tslab reads it from a socket. */
export interface TslabMessage {
  readonly header: { readonly msg_type: string; readonly msg_id: string };
  readonly content: JsonRecord;
  createReply(): TslabReply;
}

/** An answer to a message: the caller sets type and content and sends it. */
export interface TslabReply {
  readonly header: { msg_type: string };
  metadata: JsonRecord;
  content: JsonRecord;
  signAndSend(key: string, socket: AnswerSocket): void;
}

/** Result of tslab's compiler for a cell. */
export interface TslabConversion {
  readonly output?: string;
  readonly declOutput?: string;
  readonly diagnostics: readonly {
    readonly start: TslabPlace;
    readonly end: TslabPlace;
    readonly messageText: string;
    readonly fileName?: string;
  }[];
  readonly hasToplevelAwait?: boolean;
  readonly lastExpressionVar?: string;
}

/** A place in a source as tslab reports it: line and character are counted from 0. */
export interface TslabPlace {
  readonly line: number;
  readonly character: number;
}

/** Completions of tslab's compiler at a place. */
export interface TslabCompletion {
  readonly start: number;
  readonly end: number;
  readonly candidates: readonly string[];
}

/** TypeScript's information about a name. */
export interface TslabInfo {
  readonly displayParts?: readonly TextPart[];
  readonly documentation?: readonly TextPart[];
  readonly tags?: readonly { readonly name: string; readonly text?: readonly TextPart[] }[];
}

interface TextPart {
  readonly text: string;
}

export interface TslabConverter {
  convert(previous: string, source: string): TslabConversion;
  inspect(previous: string, source: string, position: number): unknown;
  complete(previous: string, source: string, position: number): TslabCompletion;
  addModule(name: string, source: string, meta: unknown): TslabConversion["diagnostics"];
  close(): void;
}

export interface TslabConverters {
  readonly node: TslabConverter;
  readonly browser: TslabConverter;
  close(): void;
}

export interface TslabExecutor {
  /** Runs a cell; passes errors and the value of the last expression to the console of its constructor. */
  execute(source: string): Promise<boolean>;
  inspect(source: string, position: number): TslabInfo | undefined;
  complete(source: string, position: number): TslabCompletion;
  close(): void;
}

/** Console of tslab's executor; it receives values, not texts. */
export interface TslabConsole {
  log(value: unknown): void;
  error(...values: unknown[]): void;
}

/** Handler of requests that run no cell. */
export interface TslabHandler {
  handleKernel(): JsonRecord & { language_info: JsonRecord };
  handleIsComplete(request: JsonRecord): JsonRecord;
  handleInspect(request: JsonRecord): JsonRecord;
  handleComplete(request: JsonRecord): JsonRecord;
  handleShutdown(request: JsonRecord): JsonRecord;
  close(): void;
}

/** Socket that sends an answer. */
export interface AnswerSocket {
  send(frames: readonly Buffer[]): Promise<void>;
}

export interface Socket extends AnswerSocket {
  bind(address: string): Promise<void>;
}

/** tslab's server: sockets, signatures, and one method for each kind of request. */
export interface TslabServer {
  readonly connInfo: { readonly key: string; readonly transport: string; readonly ip: string };
  readonly control: Socket;
  bindSocket(socket: Socket, port: number): Promise<void>;
  readonly iopub: Socket;
  init(): Promise<void>;
  publishStatus(status: string, parent: TslabMessage): void;
  handleShellMessage(socket: AnswerSocket, ...frames: Buffer[]): Promise<void>;
  handleExecute(socket: AnswerSocket, message: TslabMessage): Promise<void>;
  close(): void;
}

/** The parts of tslab 1.0.22 that its own `main` connects. */
export interface Tslab {
  readonly createConverter: (options: { isJS: boolean; isBrowser: boolean }) => TslabConverter;
  readonly createExecutor: (folder: string, converters: TslabConverters, console: TslabConsole) => TslabExecutor;
  readonly Handler: new (executor: TslabExecutor, isJs: boolean) => TslabHandler;
  readonly Server: new (handler: TslabHandler, connectionFile: string) => TslabServer;
  /** tslab's module with the variable that `display` writes to. */
  readonly jupyter: { lastWriteDisplayData: ((data: JsonRecord, update: boolean) => void) | null };
  readonly typescriptVersion: string;
}

/** Loads the tslab that tslora depends on. */
export function loadTslab(): Tslab {
  const dist = join(requiredPackage("tslab"), "dist");
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded from its folder, and only in a kernel
  const load = (name: string): Record<string, unknown> => require(join(dist, name)) as Record<string, unknown>;
  const jupyter = load("jupyter");
  const { versions } = load("public") as { versions: { typescript: string } };
  return {
    createConverter: load("converter").createConverter as Tslab["createConverter"],
    createExecutor: load("executor").createExecutor as Tslab["createExecutor"],
    Handler: jupyter.JupyterHandlerImpl as Tslab["Handler"],
    Server: jupyter.ZmqServer as Tslab["Server"],
    jupyter: jupyter as unknown as Tslab["jupyter"],
    typescriptVersion: versions.typescript,
  };
}
