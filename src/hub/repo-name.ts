/** Characters of a whole name. */
const LENGTH = 96;
const PART = /^[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/;

/**
 * Checks a repository's name by the rules of huggingface_hub's `validate_repo_id`. Returns the violated rule.
 *
 * @param options.owner - whether the form must be owner/name
 * @returns undefined if nothing is wrong
 */
export function nameFault(name: string, { owner }: { readonly owner: boolean }): string | undefined {
  const parts = name.split("/");
  if (owner ? parts.length !== 2 : parts.length > 2) return "must be of the form owner/name";
  if (name.length > LENGTH) return `must have at most ${LENGTH} characters`;
  if (!parts.every((part) => PART.test(part)))
    return "must consist of letters, digits, _, - and ., with no - or . at the beginning or end of a part";
  if (/--|\.\./.test(name)) return "must not hold -- or ..";
  return name.endsWith(".git") ? "must not end with .git" : undefined;
}

/** Whether a text can name a branch, a tag, a commit or a pull request (`refs/pr/3`). */
export function isRevision(revision: string): boolean {
  return revision.length <= 200 && /^\w[\w.-]*(\/\w[\w.-]*)*$/.test(revision) && !/\.\.|\.lock$|\.$/.test(revision);
}
