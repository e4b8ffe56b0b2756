/** An object of a JSON file whose values are not yet checked. */
export type Json = Readonly<Record<string, unknown>>;
