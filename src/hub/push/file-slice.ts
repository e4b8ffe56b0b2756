import { ReadableStream } from "node:stream/web";
import type { FileHandle } from "node:fs/promises";

import { TsloraError } from "../../base/tslora-error";

const CHUNK = 1 << 18; // bytes of one read

/** An open file that is sent. */
export interface SentFile {
  /** Its path in the repository. */
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * A part of an open file as a Blob, which is read from the disk when it is sent. Unlike the Blobs of
 * `@huggingface/hub`, which open a file by its path each time, it always reads the file that was checked.
 */
export class FileSlice extends Blob {
  readonly #file: SentFile;
  readonly #start: number;
  readonly #end: number;

  override readonly size: number;

  constructor(file: SentFile, { start, end }: { readonly start: number; readonly end: number }) {
    super([]);
    this.#file = file;
    this.#start = start;
    this.#end = end;
    this.size = end - start;
  }

  override slice(start = 0, end = this.size): FileSlice {
    const at = (place: number): number =>
      this.#start + Math.min(this.size, place < 0 ? Math.max(0, this.size + place) : place);
    return new FileSlice(this.#file, { start: at(start), end: Math.max(at(start), at(end)) });
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    let at = 0;
    for await (const chunk of this.chunks()) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes.buffer;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.arrayBuffer());
  }

  override stream(): ReturnType<Blob["stream"]> {
    return streamOf(this.chunks());
  }

  /** Its bytes in order. @throws TsloraError `bad-input` if the file has become shorter. */
  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    for (let at = this.#start; at < this.#end;) {
      const buffer = new Uint8Array(Math.min(CHUNK, this.#end - at));
      const { bytesRead } = await this.#file.handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw fileChanged(this.#file.path);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}

/** The error for a file that was written while it was sent. */
export function fileChanged(path: string): TsloraError {
  return new TsloraError(
    "bad-input",
    `${path} changed while it was sent, so nothing was committed. Push again when no other program writes to the folder.`,
  );
}

/** A Blob that counts its bytes when they are read for sending. */
export class CountedBlob extends Blob {
  readonly #content: Blob;
  readonly #onBytes: (bytes: number) => void;

  override readonly size: number;

  constructor(content: Blob, onBytes: (bytes: number) => void) {
    super([]);
    this.#content = content;
    this.#onBytes = onBytes;
    this.size = content.size;
  }

  override stream(): ReturnType<Blob["stream"]> {
    return streamOf(this.#counted());
  }

  async *#counted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of this.#content.stream() as ReadableStream<Uint8Array>) {
      this.#onBytes(chunk.length);
      yield chunk;
    }
  }
}

function streamOf(chunks: AsyncGenerator<Uint8Array, void>): ReturnType<Blob["stream"]> {
  const stream = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await chunks.return()),
    },
    { highWaterMark: 0 },
  );
  return stream as ReturnType<Blob["stream"]>;
}
