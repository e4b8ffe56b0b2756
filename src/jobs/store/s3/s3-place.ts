import { TsloraError } from "../../../base/tslora-error";

/** A bucket, and a prefix of names in it. */
export interface S3Place {
  readonly bucket: string;
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
}

/** S3's names of buckets, and prefixes that need no escaping. */
const PLACE = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._=-]+)*)\/?$/;

/** Whether a store's place is meant as a URL of S3-compatible storage, valid or not. */
export function isS3(place: string): boolean {
  return /^s3:/i.test(place);
}

/** @throws TsloraError `bad-option` if it is no bucket with a prefix. */
export function parseS3Place(place: string): S3Place {
  const [, bucket, path = ""] = PLACE.exec(place) ?? [];
  if (bucket === undefined)
    throw new TsloraError(
      "bad-option",
      `A store on S3 must be s3://BUCKET or s3://BUCKET/PREFIX, of letters, digits, ".", "_", "=" and "-"; got ${JSON.stringify(place.slice(0, 200))}.`,
    );
  return { bucket, prefix: path === "" ? "" : `${path.slice(1)}/` };
}
