import { Dealer, Subscriber } from "zeromq";

import type { Connection } from "./connection";
import { decodeMessage, encodeMessage, type Message } from "./wire";

/** Where a message came from. */
export type ChannelName = "shell" | "control" | "iopub";

/**
 * The sockets to a kernel. Messages of all channels go to one listener in the order in which they are read; one that
 * cannot be believed (wrong signature, broken JSON) goes to `onBad` and is not delivered.
 */
export class Channels {
  readonly #key: string;
  readonly #shell = new Dealer({ linger: 0 });
  readonly #control = new Dealer({ linger: 0 });
  // Without a limit: ZeroMQ drops what a subscriber does not fetch in time, and outputs must not be lost.
  readonly #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  readonly #sending = new Map<Dealer, Promise<void>>();
  #closed = false;

  constructor(connection: Connection, onMessage: (channel: ChannelName, message: Message) => void, onBad: (problem: Error) => void) {
    this.#key = connection.key;
    const address = (port: number): string => `${connection.transport}://${connection.ip}:${port}`;
    this.#shell.connect(address(connection.shell_port));
    this.#control.connect(address(connection.control_port));
    this.#iopub.connect(address(connection.iopub_port));
    this.#iopub.subscribe();
    const read = async (channel: ChannelName, socket: AsyncIterable<Buffer[]>): Promise<void> => {
      for await (const frames of socket) {
        let message: Message;
        try {
          message = decodeMessage(frames, this.#key);
        } catch (error) {
          onBad(error as Error);
          continue;
        }
        if (!this.#closed) onMessage(channel, message);
      }
    };
    for (const [name, socket] of [["shell", this.#shell], ["control", this.#control], ["iopub", this.#iopub]] as const) {
      read(name, socket).catch((error: unknown) => {
        if (!this.#closed) onBad(error as Error); // closing a socket ends its loop, in some versions by an error
      });
    }
  }

  /** Sends a message; sends on one channel follow each other, as ZeroMQ asks. */
  async send(channel: "shell" | "control", message: Message): Promise<void> {
    const socket = channel === "shell" ? this.#shell : this.#control;
    const frames = encodeMessage(message, this.#key);
    const sent = (this.#sending.get(socket) ?? Promise.resolve()).then(() => socket.send(frames));
    this.#sending.set(socket, sent.catch(() => undefined));
    return sent;
  }

  /** Closes all sockets; what was not sent is dropped. */
  close(): void {
    this.#closed = true;
    for (const socket of [this.#shell, this.#control, this.#iopub]) socket.close();
  }
}
