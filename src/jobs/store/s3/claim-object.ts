import { tokenOf, type ClaimPlace } from "../take-claim";
import type { ObjectStore } from "./object-store";

/**
 * A claim in an object. Every write is on the condition that the object is still what was read. A claim that ends is
 * emptied and not deleted, since deletion knows no condition.
 */
export class ClaimObject implements ClaimPlace {
  readonly #objects: ObjectStore;
  readonly #key: string;

  constructor(objects: ObjectStore, key: string) {
    this.#objects = objects;
    this.#key = key;
  }

  create(content: string): Promise<boolean> {
    return this.#objects.putFree(this.#key, content);
  }

  async read(): Promise<string | undefined> {
    const text = (await this.#objects.get(this.#key))?.text;
    return text === "" ? undefined : text;
  }

  /** Does nothing if another worker has the claim meanwhile: the next look finds that. */
  async beat(content: string): Promise<void> {
    const now = await this.#objects.get(this.#key);
    if (now !== undefined && tokenOf(now.text) === tokenOf(content))
      await this.#objects.replace(this.#key, content, now.etag);
  }

  async takeAway(ended: string): Promise<void> {
    const now = await this.#objects.get(this.#key);
    if (now === undefined || now.text === "" || tokenOf(now.text) !== tokenOf(ended)) return;
    await this.#objects.replace(this.#key, "", now.etag);
  }
}
