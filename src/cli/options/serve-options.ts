import { SERVE_DEFAULTS } from "../../serve/serve-options";
import { integer, list, path, text, type OptionKind } from "./option-kinds";

/** An adapter of the command line or a file: its name and its folder. */
export interface NamedFolder {
  readonly name: string;
  readonly folder: string;
}

/** Adapters: `name=FOLDER`, any number of times; in a file a mapping from names to folders. */
function namedFolders(): OptionKind<readonly NamedFolder[]> {
  const expected = "name=FOLDER";
  const folder = path("folder");
  return {
    metavar: "name=folder",
    repeats: true,
    fromText: (given) => {
      const at = given.indexOf("=");
      const found = folder.fromText(given.slice(at + 1));
      if (at < 1 || !found.ok) return { ok: false, path: "", expected, got: given };
      return { ok: true, value: [{ name: given.slice(0, at), folder: found.value }] };
    },
    fromValue: (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return { ok: false, path: "", expected: "folders by name", got: value };
      const named: NamedFolder[] = [];
      for (const [name, given] of Object.entries(value)) {
        const found = folder.fromValue(given);
        if (!found.ok) return { ...found, path: `[${JSON.stringify(name)}]` };
        named.push({ name, folder: found.value });
      }
      return { ok: true, value: named };
    },
  };
}

/** Options of `tslora serve`: what is served. */
export const SERVED_OPTIONS = {
  model: { kind: path("model"), help: "embedded, mpnet, a folder, or a name on the Hugging Face Hub" },
  adapter: {
    kind: namedFolders(),
    help: "an adapter in peft's format and its name in requests; any number of times. A file maps names to folders",
  },
  labels: {
    kind: list(text("name", "a name"), "names"),
    help: "names of the classes in order, separated by commas",
    default: "those of the run that trained the adapter, or of the model",
  },
  maxLength: {
    kind: integer(2),
    help: "longest text in tokens; longer ones are refused, or truncated if the request says so",
    default: "512, or the number of positions of the model if smaller",
  },
} as const;

/** Options of `tslora serve`: the server. */
export const SERVER_OPTIONS = {
  host: { kind: text("address"), help: "address to listen on", default: SERVE_DEFAULTS.host },
  port: { kind: integer(0), help: "port to listen on; 0 for a free one", default: String(SERVE_DEFAULTS.port) },
  maxBatchTokens: {
    kind: integer(1),
    help: "tokens in one forward pass",
    default: String(SERVE_DEFAULTS.maxBatchTokens),
  },
  maxClientBatchSize: {
    kind: integer(1),
    help: "texts in one request",
    default: String(SERVE_DEFAULTS.maxClientBatchSize),
  },
  payloadLimit: {
    kind: integer(1),
    help: "bytes of a request's body",
    default: String(SERVE_DEFAULTS.payloadLimit),
  },
  maxQueue: { kind: integer(1), help: "texts that wait", default: String(SERVE_DEFAULTS.maxQueue) },
  timeout: { kind: integer(1), help: "milliseconds until a request gets 504", default: String(SERVE_DEFAULTS.timeout) },
  adapterDirectory: {
    kind: path("folder"),
    help: "folder that adapters added at run time must be in; needs TSLORA_ADMIN_TOKEN",
  },
} as const;
