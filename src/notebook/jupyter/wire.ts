import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

import { TsloraError } from "../../base/tslora-error";
import { isRecord, type JsonRecord } from "../../base/json";
import { isDeeper } from "../format/parse-json";
import { splitStream } from "./split-stream";

/** The header of a Jupyter message, protocol 5.3. */
export interface MessageHeader {
  readonly msg_id: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly msg_type: string;
  readonly version: string;
}

/** A Jupyter message. `parent` is empty if it answers no request. */
export interface Message {
  readonly header: MessageHeader;
  readonly parent: Partial<MessageHeader>;
  readonly metadata: JsonRecord;
  readonly content: JsonRecord;
  readonly buffers: readonly Uint8Array[];
}

/** The part of an iopub message that becomes an output. */
export interface OutputMessage {
  readonly type: string;
  readonly content: JsonRecord;
}

const DELIMITER = Buffer.from("<IDS|MSG>");
const VERSION = "5.3";
/** Limit of nesting in a message, since its outputs are written to the notebook. */
const DEEPEST = 400;

/** A new message of ours. */
export function newMessage(type: string, content: JsonRecord, session: string): Message {
  const header = {
    msg_id: randomUUID(),
    session,
    username: "tslora",
    date: new Date().toISOString(),
    msg_type: type,
    version: VERSION,
  };
  return { header, parent: {}, metadata: {}, content, buffers: [] };
}

/**
 * A message as ZeroMQ frames: delimiter, HMAC-SHA256 signature in hex, header, parent, metadata, content, buffers
 * (https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol).
 *
 * @param key - the connection's key; empty for a connection that signs nothing
 */
export function encodeMessage(message: Message, key: string): Buffer[] {
  const parts = [message.header, message.parent, message.metadata, message.content].map((part) =>
    Buffer.from(JSON.stringify(part)),
  );
  return [
    DELIMITER,
    Buffer.from(signature(parts, key)),
    ...parts,
    ...message.buffers.map((buffer) => Buffer.from(buffer)),
  ];
}

/**
 * The message in ZeroMQ frames; routing frames before the delimiter are left out. A large text of a stream comes as
 * several messages of one header, see {@link splitStream}.
 *
 * @throws TsloraError `kernel` when frames are missing, the signature is wrong or a part is not a JSON object.
 */
export function decodeMessages(frames: readonly Buffer[], key: string): Message[] {
  const start = delimiterOf(frames);
  if (start < 0 || frames.length < start + 6) {
    const got = `${frames.length} frames${start < 0 ? " without a delimiter" : ""}`;
    throw new TsloraError(
      "kernel",
      `A kernel's message must have a delimiter and at least five frames after it; got ${got}.`,
    );
  }
  const [signed, ...parts] = frames.slice(start + 1, start + 6);
  const expected = Buffer.from(signature(parts, key));
  if (key !== "" && (signed.length !== expected.length || !timingSafeEqual(signed, expected))) {
    throw new TsloraError("kernel", "A message of the kernel has a wrong signature and was rejected.");
  }
  const [header, parent, metadata] = parts.slice(0, 3).map(parsePart);
  const texts = header.msg_type === "stream" ? splitStream(parts[3]) : undefined;
  if (typeof header.msg_id !== "string" || typeof header.msg_type !== "string") {
    throw new TsloraError("kernel", "A message of the kernel has a header without msg_id or msg_type.");
  }
  const contents = texts ?? [parsePart(parts[3])];
  return contents.map((content) => ({
    header: header as unknown as MessageHeader,
    parent,
    metadata,
    content: { ...content },
    buffers: frames.slice(start + 6),
  }));
}

/** The same, for frames that hold one message. */
export function decodeMessage(frames: readonly Buffer[], key: string): Message {
  return decodeMessages(frames, key)[0];
}

/** A reader remembers at least so many signatures; it forgets the oldest first. */
const REMEMBERED = 65_536;

/**
 * Reads messages that are signed with the connection's key. Refuses a copy of an earlier message, as Jupyter's own
 * clients and kernels do.
 */
export class MessageReader {
  readonly #key: string;
  #recent = new Set<string>();
  #older: ReadonlySet<string> = new Set();

  /** @param key - the connection's key; empty for a connection that signs nothing */
  constructor(key: string) {
    this.#key = key;
  }

  /** As {@link readAll}, for frames that hold one message. */
  read(frames: readonly Buffer[]): Message {
    return this.readAll(frames)[0];
  }

  /**
   * As {@link decodeMessages}.
   *
   * @throws TsloraError `kernel` also for a message that was read before.
   */
  readAll(frames: readonly Buffer[]): Message[] {
    const messages = decodeMessages(frames, this.#key);
    if (this.#key === "") return messages;
    const signed = frames[delimiterOf(frames) + 1].toString("latin1");
    if (this.#recent.has(signed) || this.#older.has(signed))
      throw new TsloraError("kernel", "A message arrived twice; the copy was rejected.");
    // two sets: removing the oldest key of one set at each step would be slow
    if (this.#recent.size === REMEMBERED) [this.#older, this.#recent] = [this.#recent, new Set()];
    this.#recent.add(signed);
    return messages;
  }
}

/** Routing frames, delimiter, signature and the four signed parts of a message, without its buffers. */
export function signedFrames(frames: readonly Buffer[]): Buffer[] {
  return frames.slice(0, delimiterOf(frames) + 6);
}

function delimiterOf(frames: readonly Buffer[]): number {
  return frames.findIndex((frame) => frame.equals(DELIMITER));
}

function signature(parts: readonly Buffer[], key: string): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

function parsePart(bytes: Buffer): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new TsloraError("kernel", "A message of the kernel is not JSON.", { cause: error });
  }
  if (!isRecord(value)) throw new TsloraError("kernel", "A part of a message of the kernel is not a JSON object.");
  if (isDeeper(value, DEEPEST))
    throw new TsloraError(
      "kernel",
      `A message of the kernel is nested deeper than ${DEEPEST} levels and was left out.`,
    );
  return value;
}
