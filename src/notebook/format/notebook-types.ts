/**
 * Text by MIME type; `application/json` and `application/*+json` hold any JSON value. Lists of lines are joined in
 * memory.
 */
export type MimeBundle = Readonly<Record<string, unknown>>;

/** Text that a cell printed. */
export interface StreamOutput {
  readonly output_type: "stream";
  readonly name: "stdout" | "stderr";
  readonly text: string;
  /** Continues the output before it: a long stream is kept in pieces and saved as one output. */
  readonly continued?: boolean;
}

/** A rich display of a cell. `transient` is kept in memory only; it is not part of a saved notebook. */
export interface DisplayOutput {
  readonly output_type: "display_data";
  readonly data: MimeBundle;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly transient?: { readonly display_id?: string };
}

/** The value of a cell's last expression. */
export interface ResultOutput {
  readonly output_type: "execute_result";
  readonly execution_count: number | null;
  readonly data: MimeBundle;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly transient?: { readonly display_id?: string };
}

/** An exception; `traceback` holds lines, perhaps with ANSI colours. */
export interface ErrorOutput {
  readonly output_type: "error";
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** One output of a code cell, as nbformat 4 names them. */
export type Output = StreamOutput | DisplayOutput | ResultOutput | ErrorOutput;

/** Metadata of a cell, as nbformat defines it. */
export interface CellMetadata {
  readonly tags?: readonly string[];
  readonly [key: string]: unknown;
}

/** A cell whose source a kernel executes. */
export interface CodeCell {
  readonly cell_type: "code";
  readonly id: string;
  readonly metadata: CellMetadata;
  readonly source: string;
  readonly execution_count: number | null;
  readonly outputs: readonly Output[];
}

/** A Markdown cell, or a raw cell, which exporters copy unchanged. */
export interface TextCell {
  readonly cell_type: "markdown" | "raw";
  readonly id: string;
  readonly metadata: CellMetadata;
  readonly source: string;
  readonly attachments?: Readonly<Record<string, MimeBundle>>;
}

/** One cell of a notebook. */
export type Cell = CodeCell | TextCell;

/** A notebook's metadata; other keys are kept unchanged. */
export interface NotebookMetadata {
  readonly kernelspec?: { readonly name: string; readonly display_name: string; readonly [key: string]: unknown };
  readonly language_info?: { readonly name: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** A notebook of nbformat 4.5 in memory: multi-line strings joined. */
export interface Notebook {
  readonly nbformat: 4;
  readonly nbformat_minor: number;
  readonly metadata: NotebookMetadata;
  readonly cells: readonly Cell[];
}

/** Whether a MIME type holds JSON, which is kept as a value and never as lines of text. */
export function isJsonMime(mime: string): boolean {
  return /^application\/(.*\+)?json$/.test(mime);
}

/** Whether a cell carries a tag. */
export function hasTag(cell: Cell, tag: string): boolean {
  return cell.metadata.tags?.includes(tag) ?? false;
}
