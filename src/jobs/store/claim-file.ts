import { randomBytes } from "node:crypto";
import { link, open, readFile, rename, rm, writeFile, type FileHandle } from "node:fs/promises";

import { errorCode, isMissing } from "../../base/files/error-code";
import { tokenOf, type ClaimPlace } from "./take-claim";

/** A claim in a file, which may be on a file system that machines share. */
export class ClaimFile implements ClaimPlace {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** A full disk leaves no file. */
  async create(content: string): Promise<boolean> {
    let file: FileHandle;
    try {
      file = await open(this.#path, "wx");
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    }
    try {
      await file.writeFile(content);
      return true;
    } catch (error) {
      await rm(this.#path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
  }

  read(): Promise<string | undefined> {
    return contentOf(this.#path);
  }

  /** Writes in place: other machines see a new content before a new file of the same name. */
  async beat(content: string): Promise<void> {
    const file = await open(this.#path, "r+");
    try {
      await file.write(content, 0);
    } finally {
      await file.close();
    }
  }

  /** Removes by a rename, which moves exactly one file. A newer file is put back, also one that is being written. */
  async takeAway(ended: string): Promise<void> {
    const aside = `${this.#path}.${randomBytes(6).toString("hex")}.stale`;
    try {
      await rename(this.#path, aside);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    const moved = await contentOf(aside);
    if (tokenOf(moved) !== tokenOf(ended)) await this.#putBack(aside, moved ?? "");
    await rm(aside, { force: true });
  }

  /** Puts back the file itself, into which its worker may write; its content where the file system has no links. */
  async #putBack(aside: string, content: string): Promise<void> {
    try {
      await link(aside, this.#path);
    } catch (error) {
      if (errorCode(error) === "EEXIST") return; // a third worker was faster
      await writeFile(this.#path, content, { flag: "wx" }).catch(() => undefined);
    }
  }
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
