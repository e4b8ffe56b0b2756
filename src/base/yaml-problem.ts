/**
 * A fault that the YAML library reports, as the second half of a sentence. It reports nesting beyond its stack in the
 * engine's words.
 */
export function yamlProblem(message: string): string {
  return /call stack/i.test(message) ? "is nested too deeply to be read. Flatten it." : `is not valid YAML: ${message}`;
}
