import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";

import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  type GetObjectCommandOutput,
  type PutObjectCommandInput,
} from "@aws-sdk/client-s3";

import { isFaultOfDisk, notSaved } from "../../../base/files/file-fault";
import { makeFolder } from "../../../base/files/make-folder";
import { sha256OfFile } from "../../../base/files/sha256-of-file";
import { besideName } from "../../../base/files/write-atomically";
import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { parseS3Place } from "./s3-place";

/** The name of a file's SHA-256 in its object's metadata. */
const SHA256 = "sha256";
/** The region of AWS's tools if none is set; services other than Amazon's take any. */
const DEFAULT_REGION = "us-east-1";
const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
/** Attempts of a whole transfer, beside those of the client for a request. */
const ATTEMPTS = 3;
const PAUSE_MS = 300;
/** A connection that is not made, or sends nothing for so long, is given up: a lost one would hold a claim for ever. */
const CONNECT_MS = 5000;
const SILENCE_MS = 30_000;

/** An object's text, and the mark that changes with its content. */
export interface StoredText {
  readonly text: string;
  readonly etag: string;
  readonly metadata: Metadata;
}

/** Texts beside an object's content, by names in small letters. */
export type Metadata = Readonly<Record<string, string>>;

/** An object in a list. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

/**
 * Objects below a prefix of a bucket, of S3 or a compatible service. Endpoint, region and credentials are those of the
 * environment and the configuration files that all of AWS's tools read (`AWS_ENDPOINT_URL`, `AWS_REGION`,
 * `AWS_ACCESS_KEY_ID` and so on).
 */
export class ObjectStore {
  readonly place: string;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor(place: string) {
    const { bucket, prefix } = parseS3Place(place);
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true"; // package.json names the versions of Node
    const { region } = new S3Client({}).config;
    this.place = place;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#client = new S3Client({
      region: () => region().catch(() => DEFAULT_REGION),
      followRegionRedirects: true,
      // services other than Amazon's know no hosts named after buckets, and not every new checksum
      forcePathStyle: true,
      logger: SILENT, // failures are repeated or reported here
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  }

  /** The text of an object; undefined if there is none. */
  async get(key: string): Promise<StoredText | undefined> {
    return this.#try(`read ${key}`, async () => {
      const found = await this.#getObject(key);
      if (found === undefined) return undefined;
      const text = (await found.Body?.transformToString("utf8")) ?? "";
      return { text, etag: found.ETag ?? "", metadata: found.Metadata ?? {} };
    });
  }

  /** Writes an object. */
  async put(key: string, text: string): Promise<void> {
    await this.#try(`write ${key}`, () => this.#putObject(key, { Body: text }));
  }

  /**
   * Writes an object if there is none of this name. Returns false if there is.
   *
   * @throws TsloraError `unsupported` if the service says that it does not write on conditions
   */
  putNew(key: string, text: string, metadata: Metadata = {}): Promise<boolean> {
    return this.#putIf(key, { Body: text, IfNoneMatch: "*", Metadata: metadata });
  }

  /** Replaces an object if it is still the one with this mark. Returns false if it is not. */
  replace(key: string, text: string, etag: string, metadata: Metadata = {}): Promise<boolean> {
    return this.#putIf(key, { Body: text, IfMatch: etag, Metadata: metadata });
  }

  /** Writes an object if there is none of this name, or an empty one: its name was given up. */
  async putFree(key: string, text: string, metadata: Metadata = {}): Promise<boolean> {
    if (await this.putNew(key, text, metadata)) return true;
    const there = await this.get(key);
    return there?.text === "" && this.replace(key, text, there.etag, metadata);
  }

  async remove(key: string): Promise<void> {
    await this.#try(`delete ${key}`, () =>
      this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key })),
    );
  }

  /** Deletes all objects whose names begin so. */
  async removeAll(start: string): Promise<void> {
    for (const { key } of await this.list(start)) await this.remove(key);
  }

  /** The objects whose names begin so, in order. */
  async list(start: string): Promise<ListedObject[]> {
    const found: ListedObject[] = [];
    let next: string | undefined;
    do {
      const page = await this.#try(`list ${start}`, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#bucket,
            Prefix: this.#prefix + start,
            ContinuationToken: next,
          }),
        ),
      );
      for (const { Key: key, Size: bytes } of page.Contents ?? [])
        if (key !== undefined) found.push({ key: key.slice(this.#prefix.length), bytes: bytes ?? 0 });
      next = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (next !== undefined);
    return found;
  }

  /** Size and SHA-256 of a file's object; undefined if there is none. */
  async head(key: string): Promise<{ bytes: number; sha256: string | undefined } | undefined> {
    return this.#try(`read ${key}`, async () => {
      try {
        const { ContentLength: bytes, Metadata: metadata } = await this.#client.send(
          new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }),
        );
        return { bytes: bytes ?? 0, sha256: metadata?.[SHA256] };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  /**
   * Sends the first bytes of a file, with their hash.
   *
   * @throws the file system's error if the file is not there; TsloraError `not-saved` if it is shorter
   */
  async upload(key: string, path: string, { bytes, sha256 }: { bytes: number; sha256: string }): Promise<void> {
    const more = { ContentLength: bytes, Metadata: { [SHA256]: sha256 } };
    await this.#try(`write ${key}`, async () => {
      const file = await open(path);
      try {
        if ((await file.stat()).size < bytes)
          throw new TsloraError("not-saved", `${shownPath(path)} became shorter while it was sent to ${this.place}.`);
        if (bytes === 0) return await this.#putObject(key, { Body: "", ...more });
        const body = file.createReadStream({ start: 0, end: bytes - 1, autoClose: false });
        const failed = new Promise<never>((_, reject) => void body.once("error", reject));
        const sent = this.#putObject(key, { Body: body, ...more });
        for (const promise of [failed, sent]) promise.catch(() => undefined); // one of them may fail later
        return await Promise.race([sent, failed]).finally(() => body.destroy());
      } finally {
        await file.close();
      }
    });
  }

  /**
   * Fetches a file, and checks its hash before it gets its name.
   *
   * @returns false if there is no object of this name
   * @throws TsloraError `bad-input` if its content is another one
   */
  async download(key: string, path: string, { sha256 }: { readonly sha256: string }): Promise<boolean> {
    makeFolder(dirname(path));
    const beside = besideName(path);
    try {
      const found = await this.#try(`read ${key}`, async () => {
        const { Body: body } = (await this.#getObject(key)) ?? {};
        if (body === undefined) return false;
        await pipeline(body as Readable, createWriteStream(beside));
        return true;
      });
      if (!found) return false;
      const got = await sha256OfFile(beside);
      if (got !== sha256)
        throw new TsloraError(
          "bad-input",
          `${this.place}: the object ${key} must have the SHA-256 ${sha256}; its content has ${got}. It was changed.`,
        );
      await rename(beside, path);
      return true;
    } catch (error) {
      throw notSaved(path, error);
    } finally {
      await rm(beside, { force: true });
    }
  }

  /** @throws TsloraError `unsupported` if the service writes an object although there is one. */
  async expectConditions(): Promise<void> {
    const key = `.probe-${randomBytes(8).toString("hex")}`;
    try {
      await this.put(key, "1");
      const refuses = !(await this.putNew(key, "2")) && !(await this.replace(key, "3", '"another"'));
      if (!refuses) throw this.#noConditions();
    } finally {
      await this.remove(key);
    }
  }

  #getObject(key: string): Promise<GetObjectCommandOutput | undefined> {
    return this.#client
      .send(new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key }))
      .catch((error: unknown) => {
        if (statusOf(error) === 404 && nameOf(error) !== "NoSuchBucket") return undefined;
        throw error;
      });
  }

  #putObject(key: string, input: Omit<PutObjectCommandInput, "Bucket" | "Key">): Promise<unknown> {
    return this.#client.send(new PutObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key, ...input }));
  }

  #putIf(key: string, input: Omit<PutObjectCommandInput, "Bucket" | "Key">): Promise<boolean> {
    return this.#try(`write ${key}`, async () => {
      try {
        await this.#putObject(key, input);
        return true;
      } catch (error) {
        if (statusOf(error) === 412 || (input.IfMatch !== undefined && statusOf(error) === 404)) return false;
        throw error;
      }
    });
  }

  /** Repeats a request that failed on the way. */
  async #try<T>(what: string, request: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await request();
      } catch (error) {
        if (error instanceof TsloraError || isFaultOfDisk(error)) throw error;
        if (statusOf(error) === 501) throw this.#noConditions(error);
        if (attempt === ATTEMPTS || !mayPass(error)) throw this.#failed(what, error);
        await delay(PAUSE_MS * 2 ** attempt);
      }
    }
  }

  #failed(what: string, error: unknown): TsloraError {
    return new TsloraError(
      mayPass(error) ? "unreachable" : "bad-option",
      `${this.place}: could not ${what} (${reasonOf(error)}). Check the bucket, AWS_ENDPOINT_URL, AWS_REGION and the credentials.`,
      { cause: error },
    );
  }

  #noConditions(error?: unknown): TsloraError {
    return new TsloraError(
      "unsupported",
      `${this.place} must be on a service that writes on conditions (If-None-Match and If-Match), as Amazon S3, MinIO and Ceph do. Use a shared folder instead.`,
      { cause: error },
    );
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

/** An error's name and first line; those of the first connection for a host with several addresses. */
function reasonOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
  return one instanceof Error ? `${one.name}: ${one.message}`.split("\n", 1)[0] : String(one);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** Whether a request may succeed later: no answer, a conflict with another writer, or a fault of the service. */
function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  if (status === undefined) return nameOf(error) !== "CredentialsProviderError";
  return status === 409 || status === 429 || status >= 500 || nameOf(error) === "RequestTimeout";
}
