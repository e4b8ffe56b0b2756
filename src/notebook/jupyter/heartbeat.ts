import { Request } from "zeromq";

/**
 * Sends a heartbeat to a kernel every few seconds. A long computation blocks a kernel's event loop and with it the
 * answer, so silence is only reported; a kernel is dead when its process exits.
 */
export class Heartbeat {
  #socket: Request;
  #lastBeat = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param address - the kernel's heartbeat socket */
  constructor(address: string, intervalMs = 2000) {
    this.#socket = this.#connect(address);
    const beat = async (): Promise<void> => {
      try {
        await this.#socket.send("ping");
        await this.#socket.receive();
        this.#lastBeat = performance.now();
      } catch {
        if (this.#closed) return;
        this.#socket.close(); // a request socket that missed its answer cannot ask again
        this.#socket = this.#connect(address);
      }
      this.#timer = setTimeout(() => void beat(), intervalMs);
      this.#timer.unref();
    };
    void beat();
  }

  /** Milliseconds since the kernel last answered. */
  get silentMs(): number {
    return performance.now() - this.#lastBeat;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #connect(address: string): Request {
    const socket = new Request({ linger: 0, receiveTimeout: 5000 });
    socket.connect(address);
    return socket;
  }
}
