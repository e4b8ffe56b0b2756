import { Dealer, Subscriber } from "zeromq";

import { socketAddress, type Connection } from "./connection";
import type { KernelDialect } from "./kernel-dialect";
import { encodeMessage, MessageReader, type Message } from "./wire";

/** Channel that a message came from. */
export type ChannelName = "shell" | "control" | "stdin" | "iopub";

/** Milliseconds between tries to connect: a kernel opens its sockets some time after it was started. */
const RECONNECT_MS = 10;

/** The kernel to connect to, and the handler of its messages. */
export interface ChannelsOptions {
  readonly connection: Connection;
  readonly dialect: KernelDialect;
  /** Identity of this client: the kernel sends its input requests to the identity that sent the request. */
  readonly identity: string;
  readonly onMessage: (channel: ChannelName, message: Message) => void;
  readonly onBad: (problem: Error) => void;
}

/**
 * The sockets to a kernel. Messages of all channels go to one listener in the order in which they are read. A message
 * with a wrong signature or broken JSON, and a copy of an earlier message, go to `onBad` instead.
 */
export class Channels {
  readonly #key: string;
  readonly #shell: Dealer;
  readonly #control: Dealer;
  readonly #stdin: Dealer;
  // No limit: ZeroMQ drops messages that a subscriber does not fetch in time, and no output may be lost.
  readonly #iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0, reconnectInterval: RECONNECT_MS });
  /** Resolves once the kernel can ask for input: until then ZeroMQ drops its input requests on the kernel's side. */
  readonly stdinConnected: Promise<void>;
  readonly #sending = new Map<Dealer, Promise<void>>();
  #closed = false;

  constructor({ connection, dialect, identity, onMessage, onBad }: ChannelsOptions) {
    this.#key = connection.key;
    const dealer = (): Dealer => new Dealer({ linger: 0, routingId: identity, reconnectInterval: RECONNECT_MS });
    [this.#shell, this.#control, this.#stdin] = [dealer(), dealer(), dealer()];
    this.stdinConnected = new Promise((resolve) => this.#stdin.events.on("handshake", () => resolve()));
    this.#shell.connect(socketAddress(connection, connection.shell_port, dialect));
    this.#control.connect(socketAddress(connection, connection.control_port, dialect));
    this.#stdin.connect(socketAddress(connection, connection.stdin_port, dialect));
    this.#iopub.connect(socketAddress(connection, connection.iopub_port, dialect));
    this.#iopub.subscribe();
    const reader = new MessageReader(connection.key);
    const read = async (channel: ChannelName, socket: AsyncIterable<Buffer[]>): Promise<void> => {
      for await (const frames of socket) {
        let messages: readonly Message[];
        try {
          messages = reader.readAll(frames);
        } catch (error) {
          onBad(error as Error);
          continue;
        }
        for (const message of messages) if (!this.#closed) onMessage(channel, message);
      }
    };
    for (const [name, socket] of [
      ["shell", this.#shell],
      ["control", this.#control],
      ["stdin", this.#stdin],
      ["iopub", this.#iopub],
    ] as const) {
      read(name, socket).catch((error: unknown) => {
        if (!this.#closed) onBad(error as Error); // closing a socket ends its loop, in some versions with an error
      });
    }
  }

  /** Sends a message; sends on one channel follow each other, as ZeroMQ requires. */
  async send(channel: "shell" | "control", message: Message): Promise<void> {
    const socket = channel === "shell" ? this.#shell : this.#control;
    const frames = encodeMessage(message, this.#key);
    const sent = (this.#sending.get(socket) ?? Promise.resolve()).then(() => socket.send(frames));
    this.#sending.set(
      socket,
      sent.catch(() => undefined),
    );
    return sent;
  }

  /** Closes all sockets; messages that were not sent are dropped. */
  close(): void {
    this.#closed = true;
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub]) socket.close();
  }
}
