/** A row of the report. */
export interface EnvironmentRow {
  readonly name: string;
  readonly value: string;
  readonly status: "ok" | "missing" | "note";
  /** What the user can do about it. */
  readonly advice?: string;
}
