import type { JsonRecord } from "../base/json";
import { decodeMessage } from "../notebook/jupyter/wire";
import type { CellError } from "./cell-error";
import type { CellOutcome, CellRunner } from "./cell-runner";
import { openControlChannel } from "./interrupts/control-channel";
import type { Interrupts } from "./interrupts/interrupts";
import { kernelHandler } from "./kernel-handler";
import { answerFrames, answerTo } from "./other-requests";
import { resultOutputs } from "./result-outputs";
import { StreamBuffer } from "./stream-buffer";
import type { AnswerSocket, Socket, Tslab, TslabMessage, TslabServer } from "./tslab";

/** Milliseconds to wait after a failed cell for requests that were sent before its failure; these are aborted. */
const ARRIVAL_MS = 50;

/** A kernel that can be started and receives unhandled errors. */
export interface KernelServer {
  init(): Promise<void>;
  /** Publishes an unhandled error. It fails the running cell; if none runs, it is shown under the last cell. */
  fail(error: unknown): void;
}

/**
 * Extends tslab's server by the parts of Jupyter's protocol that tslab lacks: `execute_input`, `execute_result`,
 * `error`, aborted cells, a busy status for one cell at a time, `silent`, `stop_on_error`, and answers to every
 * request.
 */
// eslint-disable-next-line max-lines-per-function -- a subclass of tslab's class, which is loaded at run time
export function kernelServer(
  tslab: Tslab,
  {
    runner,
    interrupts,
    connectionFile,
  }: { readonly runner: CellRunner; readonly interrupts: Interrupts; readonly connectionFile: string },
): KernelServer {
  class Server extends (tslab.Server as new (handler: object, file: string) => TslabServer) implements KernelServer {
    #queue: Promise<void> = Promise.resolve();
    readonly #waiting = new Set<TslabMessage>();
    readonly #aborted = new Set<TslabMessage>();
    #running: TslabMessage | undefined;
    #last: TslabMessage | undefined;
    #executionCount = 0;
    #isClosed = false;
    /** The output of the last cell. */
    #streams: StreamBuffer | undefined;

    override init(): Promise<void> {
      process.on("exit", () => this.#streams?.end());
      return super.init();
    }

    /** Binds the control channel in its own thread, which receives requests while a cell computes. */
    override async bindSocket(socket: Socket, port: number): Promise<void> {
      const { transport, ip, key } = this.connInfo;
      const address = `${transport}://${ip}${transport === "ipc" ? "-" : ":"}${port}`;
      if (socket !== this.control) return socket.bind(address);
      await openControlChannel(
        { address, key, counts: interrupts.counts },
        (answers, frames) => void this.handleShellMessage(answers, ...frames),
      );
    }

    override async handleShellMessage(socket: AnswerSocket, ...frames: Buffer[]): Promise<void> {
      try {
        const { key } = this.connInfo;
        const request = decodeMessage(frames, key);
        const answer = answerTo(request, () => interrupts.ask());
        if (answer.on === "tslab") return await super.handleShellMessage(socket, ...frames);
        if (answer.on === "nothing") return;
        const routing = frames.slice(
          0,
          frames.findIndex((frame) => frame.equals(DELIMITER)),
        );
        const send = (to: AnswerSocket, type: string, content: JsonRecord): unknown =>
          to.send(answerFrames(request, to === this.iopub ? [] : routing, { type, content, key }));
        send(this.iopub, "status", { execution_state: "busy" });
        send(answer.on === "iopub" ? this.iopub : socket, answer.type, answer.content);
        send(this.iopub, "status", { execution_state: "idle" });
      } catch (error) {
        log(error); // not an error of the user's code, and no reason to exit
      }
    }

    /** Ends the kernel at a shutdown request, even if its cells left work running. */
    override close(): void {
      this.#isClosed = true;
      super.close();
      setTimeout(() => process.exit(0), 100).unref();
    }

    /** Omits tslab's "busy" when an execute request arrives: this kernel publishes it when the cell starts. */
    override publishStatus(status: string, parent: TslabMessage): void {
      if (parent.header.msg_type !== "execute_request") super.publishStatus(status, parent);
    }

    override async handleExecute(socket: AnswerSocket, message: TslabMessage): Promise<void> {
      this.#waiting.add(message);
      this.#queue = this.#queue.then(async () => {
        this.#waiting.delete(message);
        super.publishStatus("busy", message);
        try {
          if (this.#aborted.delete(message)) this.#reply(socket, message, "execute_reply", { status: "aborted" });
          else await this.#execute(socket, message);
        } catch (error) {
          log(error);
          // without a reply, a client would wait forever
          this.#reply(socket, message, "execute_reply", { status: "error", ...runner.describe(error) });
        } finally {
          this.#streams?.flush();
          super.publishStatus("idle", message);
        }
      });
      return this.#queue;
    }

    async #execute(socket: AnswerSocket, message: TslabMessage): Promise<void> {
      const { code, silent, stop_on_error: stopOnError } = message.content;
      const isSilent = silent === true;
      if (!isSilent) this.#executionCount++;
      const executionCount = this.#executionCount;
      this.#running = message;
      this.#last = message;
      this.#catchOutput(message, isSilent);
      if (!isSilent) this.#publish(message, "execute_input", { code, execution_count: executionCount });
      let outcome = await runner.run(String(code), executionCount);
      if (outcome.status === "ok" && !isSilent) outcome = await this.#publishResult(message, outcome, executionCount);
      if (outcome.status === "ok" && runner.unhandled !== undefined)
        outcome = { status: "error", error: runner.unhandled }; // thrown while the result was converted to outputs
      this.#running = undefined;
      if (outcome.status === "ok")
        return this.#reply(socket, message, "execute_reply", {
          status: "ok",
          execution_count: executionCount,
          user_expressions: {},
          payload: [],
        });
      const { ename, evalue, traceback } = outcome.error;
      if (!isSilent) this.#publish(message, "error", { ename, evalue, traceback });
      if (stopOnError !== false) {
        await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS));
        for (const waiting of this.#waiting) this.#aborted.add(waiting);
      }
      this.#reply(socket, message, "execute_reply", {
        status: "error",
        execution_count: executionCount,
        ename,
        evalue,
        traceback,
        user_expressions: {},
        payload: [],
      });
    }

    async #publishResult(
      message: TslabMessage,
      outcome: CellOutcome & { status: "ok" },
      executionCount: number,
    ): Promise<CellOutcome> {
      if (outcome.value === undefined || outcome.value === null) return outcome;
      try {
        const [first, ...rest] = await resultOutputs(outcome.value, tslab.jupyter.lastWriteDisplayData);
        this.#publish(message, "execute_result", { execution_count: executionCount, data: first, metadata: {} });
        for (const data of rest) this.#publish(message, "display_data", { data, metadata: {}, transient: {} });
        return outcome;
      } catch (error) {
        return { status: "error", error: runner.describe(error) };
      }
    }

    /**
     * From now on, everything that is printed or displayed is an output of this cell, as in Python's kernel. This
     * includes the output of code that still runs after the cell has ended.
     */
    #catchOutput(message: TslabMessage, isSilent: boolean): void {
      this.#streams?.end();
      const streams = new StreamBuffer((name, text) => this.#reply(this.iopub, message, "stream", { name, text }));
      this.#streams = streams;
      for (const name of ["stdout", "stderr"] as const) {
        process[name].write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
          if (!isSilent) streams.write(name, chunk);
          const callback = typeof encoding === "function" ? encoding : done;
          if (typeof callback === "function") process.nextTick(callback);
          return true;
        };
      }
      const display = (data: JsonRecord, update: boolean): void => {
        if (!isSilent) this.#publish(message, update ? "update_display_data" : "display_data", data);
      };
      // figures identify the cell by this object
      tslab.jupyter.lastWriteDisplayData = Object.assign(display, { cell: message.content.code });
    }

    fail(error: unknown): void {
      if (this.#isClosed) return; // the sockets are closed
      const described: CellError = runner.describe(error);
      const details = {
        ...described,
        traceback: [
          ...described.traceback.slice(0, 1),
          "(not awaited: thrown by code that ran in the background)",
          ...described.traceback.slice(1),
        ],
      };
      if (this.#running !== undefined) return runner.failRunning(details);
      if (this.#last !== undefined && this.#last.content.silent !== true)
        this.#publish(this.#last, "error", { ...details });
    }

    /** Publishes a message after the text printed before it. */
    #publish(parent: TslabMessage, type: string, content: JsonRecord): void {
      this.#streams?.flush();
      this.#reply(this.iopub, parent, type, content);
    }

    #reply(socket: AnswerSocket, parent: TslabMessage, type: string, content: JsonRecord): void {
      if (this.#isClosed) return;
      const reply = parent.createReply();
      reply.header.msg_type = type;
      reply.content = content;
      reply.signAndSend(this.connInfo.key, socket);
    }
  }
  return new Server(kernelHandler(tslab, runner.executor), connectionFile);
}

const DELIMITER = Buffer.from("<IDS|MSG>");

const write = process.stderr.write.bind(process.stderr);

/** Writes to the stderr of the process, which the program that started the kernel reads. Cells do not show it. */
function log(error: unknown): void {
  write(`tslora: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
