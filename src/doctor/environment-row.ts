/** A row of the report. */
export interface EnvironmentRow {
  readonly name: string;
  readonly value: string;
  readonly status: "ok" | "missing" | "note";
  /** Advice to the user. */
  readonly advice?: string;
}
