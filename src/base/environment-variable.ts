/** The value of an environment variable; an empty one counts as unset, as in a shell's `${NAME:-default}`. */
export function environmentVariable(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = env[name];
  return value === "" ? undefined : value;
}
