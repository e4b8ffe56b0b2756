/** Refers to a definition below, which the validator compiles to one function instead of many copies. */
const ref = (name: "multiline" | "mimeBundle" | "cellMetadata" | "attachments" | "output"): object => ({
  $ref: `#/definitions/${name}`,
});

const multiline = { oneOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] };
const mimeBundle = {
  type: "object",
  // JSON of any shape for application/json and application/*+json; text, or a list of lines, for every other type
  patternProperties: { "^application/(.*\\+)?json$": {} },
  additionalProperties: ref("multiline"),
};
const tags = { type: "array", uniqueItems: true, items: { type: "string", pattern: "^[^,]+$" } };
const free = { type: "object", additionalProperties: true };
const id = { type: "string", pattern: "^[a-zA-Z0-9-_]+$", minLength: 1, maxLength: 64 };
const attachments = { type: "object", additionalProperties: ref("mimeBundle") };
const count = { type: ["integer", "null"], minimum: 0 };

const cellMetadata = {
  type: "object",
  additionalProperties: true,
  properties: {
    tags,
    name: { type: "string", pattern: "^.+$" },
    jupyter: { type: "object", additionalProperties: true },
  },
};

function shape(properties: Record<string, unknown>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", additionalProperties: false, required, properties };
}

const output = {
  type: "object",
  required: ["output_type"],
  discriminator: { propertyName: "output_type" },
  oneOf: [
    shape({ output_type: { const: "stream" }, name: { type: "string" }, text: ref("multiline") }),
    shape({ output_type: { const: "display_data" }, data: ref("mimeBundle"), metadata: free }),
    shape({
      output_type: { const: "execute_result" },
      execution_count: count,
      data: ref("mimeBundle"),
      metadata: free,
    }),
    shape({
      output_type: { const: "error" },
      ename: { type: "string" },
      evalue: { type: "string" },
      traceback: { type: "array", items: { type: "string" } },
    }),
  ],
};

const definitions = { multiline, mimeBundle, cellMetadata, attachments, output };

/**
 * A cell of nbformat 4.5 as a JSON schema, written from the published description of the format
 * (https://nbformat.readthedocs.io/en/latest/format_description.html). A discriminator distinguishes the kinds of cells
 * and outputs: a problem is reported for that kind alone.
 */
export const cellSchema = {
  definitions,
  type: "object",
  required: ["cell_type"],
  discriminator: { propertyName: "cell_type" },
  oneOf: [
    shape({
      cell_type: { const: "code" },
      id,
      metadata: ref("cellMetadata"),
      source: ref("multiline"),
      execution_count: count,
      outputs: { type: "array", items: ref("output") },
    }),
    shape(
      {
        cell_type: { const: "markdown" },
        id,
        metadata: ref("cellMetadata"),
        source: ref("multiline"),
        attachments: ref("attachments"),
      },
      ["attachments"],
    ),
    shape(
      {
        cell_type: { const: "raw" },
        id,
        metadata: ref("cellMetadata"),
        source: ref("multiline"),
        attachments: ref("attachments"),
      },
      ["attachments"],
    ),
  ],
};

/** A notebook of nbformat 4.5 without its cells. */
export const notebookSchema = {
  type: "object",
  additionalProperties: false,
  required: ["metadata", "nbformat_minor", "nbformat"],
  properties: {
    nbformat: { const: 4 },
    nbformat_minor: { type: "integer", minimum: 5 },
    metadata: {
      type: "object",
      additionalProperties: true,
      properties: {
        kernelspec: {
          type: "object",
          required: ["name", "display_name"],
          properties: { name: { type: "string" }, display_name: { type: "string" } },
        },
        language_info: { type: "object", required: ["name"], properties: { name: { type: "string" } } },
        title: { type: "string" },
        authors: { type: "array" },
      },
    },
  },
};
