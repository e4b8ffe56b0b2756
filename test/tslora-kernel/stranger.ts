import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

import { Dealer, Request, Subscriber } from "zeromq";

import { socketAddress, type Connection } from "../../src/notebook/jupyter/connection";
import type { KernelDialect } from "../../src/notebook/jupyter/kernel-dialect";
import { encodeMessage, newMessage } from "../../src/notebook/jupyter/wire";

const DELIMITER = Buffer.from("<IDS|MSG>");
/** Milliseconds for which a closed socket still connects and delivers: a busy kernel takes its time. */
const LINGER_MS = 5000;

const PORTS = ["shell_port", "control_port", "stdin_port", "iopub_port", "hb_port"] as const;

/** A client that knows the kernel's ports, as any other user of the machine can, but not its key. */
export class Stranger {
  readonly #connection: Omit<Connection, "key">;
  readonly #dialect: KernelDialect;
  readonly #heard: Buffer[][] = [];
  readonly #iopub = new Subscriber({ linger: 0 });
  #sent = 0;
  readonly #open: { close?(): void; destroy?(): void }[] = [];

  constructor(connection: Omit<Connection, "key">, dialect: KernelDialect) {
    this.#connection = connection;
    this.#dialect = dialect;
    this.#iopub.connect(this.#address("iopub_port"));
    this.#iopub.subscribe();
    this.#open.push(this.#iopub);
    void (async () => {
      for await (const frames of this.#iopub) this.#heard.push(frames);
    })().catch(() => undefined);
  }

  /** Everything that the kernel has published, as one text. */
  get heard(): string {
    return this.#heard.flat().map(String).join("\n");
  }

  /** Sends every input that is known to have disturbed a kernel, to each of its sockets. */
  async attack(): Promise<void> {
    for (const port of PORTS) {
      for (const frames of this.#messages()) await this.#send(port, frames);
      if (this.#connection.transport === "tcp") await this.#bytes(port);
    }
    await this.#beats();
  }

  /** Subscribes to a topic of 8 MB, and waits until the kernel ends the connection: subscriptions take its memory. */
  async subscribeTooLong(): Promise<void> {
    const socket = new Subscriber({ linger: 0, reconnectInterval: 600_000 });
    this.#open.push(socket);
    const ended = new Promise((resolve) => socket.events.on("disconnect", resolve));
    socket.connect(this.#address("iopub_port"));
    socket.subscribe(Buffer.alloc(8e6, "x"));
    await ended;
  }

  /** Asks the kernel to run code, signed with every signature and every hex text that was heard. */
  async forge(code: string): Promise<void> {
    const parts = this.#request(code);
    const sockets = (["shell_port", "control_port"] as const).map((port) => {
      const socket = new Dealer({ linger: LINGER_MS });
      socket.connect(this.#address(port));
      return socket;
    });
    const signatures = new Set(this.heard.match(/\b[0-9a-f]{64}\b/g) ?? []);
    for (const signature of ["", "0".repeat(64), randomBytes(32).toString("hex"), ...signatures]) {
      for (const socket of sockets) await socket.send([DELIMITER, Buffer.from(signature), ...parts]);
    }
    for (const key of ["", "secret", this.#connection.kernel_name]) {
      const signature = createHmac("sha256", key).update(Buffer.concat(parts)).digest("hex");
      await sockets[0].send([DELIMITER, Buffer.from(signature), ...parts]);
    }
    for (const frames of this.#heard.slice(0, 40))
      await sockets[0].send(frames.slice(frames.findIndex((frame) => frame.equals(DELIMITER)))); // replayed
    for (const socket of sockets) socket.close();
  }

  /** The signature of the request that {@link forge} sends, by the real key, which must never be published. */
  signatureOf(code: string, key: string): string {
    return createHmac("sha256", key)
      .update(Buffer.concat(this.#request(code)))
      .digest("hex");
  }

  close(): void {
    for (const one of this.#open) (one.close ?? one.destroy)?.call(one);
  }

  #address(port: (typeof PORTS)[number]): string {
    return socketAddress(this.#connection as Connection, this.#connection[port], this.#dialect);
  }

  /** Makes the same bytes at every call, so that their signature is the same. */
  #request(code: string): Buffer[] {
    const message = newMessage(
      "execute_request",
      { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true },
      "stranger",
    );
    const fixed = { ...message, header: { ...message.header, msg_id: "stranger-1", date: "2026-01-01T00:00:00.000Z" } };
    return encodeMessage(fixed, "").slice(2, 6);
  }

  #messages(): Buffer[][] {
    const text = (...parts: unknown[]): Buffer[] =>
      parts.map((part) => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)));
    const signed = "a".repeat(64);
    const header = { msg_id: "x", msg_type: "execute_request", session: "s", username: "u", date: "", version: "5.3" };
    const parts = [header, {}, {}, { code: "1" }];
    return [
      [Buffer.alloc(0)],
      [Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(0)],
      text("hello"),
      [DELIMITER],
      [DELIMITER, ...text(signed)],
      [DELIMITER, ...text(signed, ...parts)],
      [DELIMITER, ...text("", ...parts)],
      [DELIMITER, ...text("kurz", ...parts), randomBytes(100)],
      [DELIMITER, ...text(signed, "{", "}", "null", "[]")],
      [DELIMITER, ...text(signed, "[]", "1", "null", '"x"')],
      [DELIMITER, ...text(signed, { ...header, msg_type: 7 }, {}, {}, {})],
      [DELIMITER, ...text(signed, { ...header, msg_type: "odd" }, {}, {}, {})],
      [DELIMITER, ...text(signed, { ...header, msg_type: "shutdown_request" }, {}, {}, { restart: false })],
      [DELIMITER, ...text(signed, { ...header, msg_type: "interrupt_request" }, {}, {}, {})],
      [DELIMITER, DELIMITER, DELIMITER, DELIMITER, DELIMITER, DELIMITER, DELIMITER],
      [Buffer.alloc(4 * 1024 * 1024, 65)],
      [DELIMITER, ...text(signed, `{"a":${"[".repeat(100_000)}`, {}, {}, {})],
      Array.from({ length: 2000 }, () => Buffer.from("x")),
    ];
  }

  async #send(port: (typeof PORTS)[number], frames: Buffer[]): Promise<void> {
    if (port === "hb_port" || port === "iopub_port") return;
    const socket = new Dealer({
      linger: LINGER_MS,
      ...(frames.length % 2 === 0 && { routingId: `stranger-${this.#sent++}` }),
    });
    socket.connect(this.#address(port));
    await socket.send(frames);
    socket.close();
  }

  /** Sends bytes that are not ZeroMQ, and nothing, over connections that stay open and over ones that are reset. */
  async #bytes(port: (typeof PORTS)[number]): Promise<void> {
    const greeting = Buffer.concat([
      Buffer.from([0xff]),
      Buffer.alloc(8),
      Buffer.from([0x7f, 3, 0]),
      Buffer.from("NULL"),
      Buffer.alloc(16),
      Buffer.from([0]),
      Buffer.alloc(31),
    ]);
    const sent = [
      randomBytes(4096),
      Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
      Buffer.alloc(0),
      greeting,
      greeting.subarray(0, 20),
      Buffer.concat([greeting, Buffer.from([4, 0xff])]),
      Buffer.concat([greeting, Buffer.from([2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])]),
    ];
    for (const bytes of sent) {
      for (const isReset of [false, true]) {
        const socket: Socket = connect(this.#connection[port], this.#connection.ip);
        socket.on("error", () => undefined);
        this.#open.push(socket);
        await once(socket, "data"); // the kernel greets first: it has accepted the connection
        await new Promise((resolve) => socket.write(bytes, resolve));
        if (isReset) socket.resetAndDestroy();
      }
    }
  }

  /** Sends heartbeats out of order, empty, huge, and from a socket that is closed before the answer. */
  async #beats(): Promise<void> {
    for (const frames of [
      [Buffer.alloc(0)],
      [Buffer.alloc(0), Buffer.from("x")],
      [Buffer.from("x")],
      [Buffer.alloc(0), Buffer.alloc(1024 * 1024)],
      Array.from({ length: 50 }, () => Buffer.alloc(0)),
    ]) {
      const dealer = new Dealer({ linger: 0 });
      dealer.connect(this.#address("hb_port"));
      for (let i = 0; i < 20; i++) await dealer.send(frames);
      this.#open.push(dealer); // the kernel may never take a malformed one
    }
    const request = new Request({ linger: 0 });
    request.connect(this.#address("hb_port"));
    await request.send("ping");
    request.close();
    if (this.#connection.transport === "tcp") {
      const subscriber = connect(this.#connection.iopub_port, this.#connection.ip);
      subscriber.on("error", () => undefined);
      this.#open.push(subscriber);
    }
  }
}
