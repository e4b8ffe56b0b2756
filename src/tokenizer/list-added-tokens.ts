import type { Problems } from "../base/problems";
import { shownNames, shownValue } from "../base/shown-value";
import type { AddedToken } from "./added-tokens";
import { checkTypes, contentOf, FLAG, objectOf, type TypeCheck } from "./check-types";
import { isTokenId, isUnicode } from "./parse-vocabulary";
import type { TokenizerFiles } from "./read-tokenizer-files";
import { SPECIAL_KEYS, type SpecialKey } from "./tokenizer-classes";

const FLAGS: Readonly<Record<string, TypeCheck>> = {
  single_word: FLAG,
  lstrip: FLAG,
  rstrip: FLAG,
  normalized: FLAG,
  special: FLAG,
};

/**
 * Lists the tokens that are matched in the text itself: those that the files list, then the special ones. As in
 * transformers, tokens without an id get the next free ids.
 */
export function addedTokens(files: TokenizerFiles, problems: Problems): AddedToken[] {
  const { json, config, vocab, embeddings = Infinity } = files;
  const found = new Map<string, AddedToken>();
  const add = (id: number | undefined, token: unknown, where: string): void => {
    const content = contentOf(token) ?? "";
    if (id === undefined || found.has(content)) return;
    const flags = objectOf(token);
    checkTypes(flags, FLAGS, { problems, where: `${where}: ${shownValue(content)}` });
    found.set(content, {
      id,
      content,
      singleWord: flags.single_word === true,
      lstrip: flags.lstrip === true,
      rstrip: flags.rstrip === true,
      normalized: flags.normalized === true,
    });
  };
  const listed = listedTokens(files, problems);
  for (const { id, token, where } of listed)
    if (where !== "tokenizer.json" || config.added_tokens_decoder === undefined) add(id, token, where);

  let next = 0;
  for (const id of [...vocab.values(), ...[...found.values()].map((token) => token.id)]) next = Math.max(next, id + 1);
  for (const { key, token } of [...namedTokens(files), ...extraTokens(files)]) {
    const content = contentOf(token) ?? "";
    const known = vocab.get(content) ?? found.get(content)?.id;
    const fresh = known === undefined ? next++ : undefined;
    // every text contains these tokens, so they need a trained row
    if (fresh !== undefined && /^(unk|sep|pad|cls)_/.test(key ?? "")) continue;
    // transformers gives a missing [MASK] an id that may be beyond the model's embeddings; only a text that contains
    // [MASK] would use it
    if (fresh === undefined || key === undefined || fresh < embeddings)
      add(known ?? fresh, token, "tokenizer_config.json");
  }
  if (json !== undefined) expectOnce(json.added_tokens, problems);
  return [...found.values()];
}

/** The special tokens that have a name, in transformers' order. */
function namedTokens({ own, config }: TokenizerFiles): { key: SpecialKey; token: unknown }[] {
  return SPECIAL_KEYS.flatMap((key) => {
    const token = config[key] ?? own?.special[key];
    if (token === undefined) return [];
    return [{ key, token: typeof token === "string" ? { content: token, ...own?.flags?.[key] } : token }];
  });
}

/** The special tokens without a name: those of the files, or of the class. */
function extraTokens({ config, own, pieceTokens }: TokenizerFiles): { key: undefined; token: unknown }[] {
  const lists = [config.additional_special_tokens, config.extra_special_tokens];
  const given = lists.some((list) => (list ?? undefined) !== undefined)
    ? lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))
    : (pieceTokens ?? own?.extra ?? []);
  return given.map((token) => ({ key: undefined, token }));
}

/** Tokens that the files list, with their checked ids. */
function listedTokens(
  { json, config, vocab, laterAdded }: TokenizerFiles,
  problems: Problems,
): { id: number | undefined; token: unknown; where: string }[] {
  const own = json?.added_tokens ?? [];
  problems.expect(Array.isArray(own), `tokenizer.json: "added_tokens" must be a list; got ${shownValue(own)}`);
  const ofJson = (Array.isArray(own) ? (own as unknown[]) : []).map((token) => ({
    id: objectOf(token).id,
    token,
    where: "tokenizer.json",
  }));
  const ofConfig = Object.entries(objectOf(config.added_tokens_decoder)).map(([id, token]) => ({
    id: /^\d{1,10}$/.test(id) ? Number(id) : id,
    token,
    where: "tokenizer_config.json",
  }));
  const later = laterAdded.map((each) => ({ ...each, where: "added_tokens.json" }));
  return [...ofConfig, ...ofJson, ...later].map(({ id, token, where }) => ({
    id: idOf(id, token, { vocab, where, problems }),
    token,
    where,
  }));
}

/** A listed token's id; undefined if it is invalid. */
function idOf(
  id: unknown,
  token: unknown,
  from: { vocab: ReadonlyMap<string, number>; where: string; problems: Problems },
): number | undefined {
  const { vocab, where, problems } = from;
  const content = contentOf(token);
  if (content === undefined || !isUnicode(content))
    return void problems.expect(
      false,
      `${where}: an added token must have its text as "content"; got ${shownValue(token)}`,
    );
  if (!isTokenId(id))
    return void problems.expect(
      false,
      `${where}: an added token's id must be a whole number from 0; ${shownValue(content)} has ${shownValue(id)}`,
    );
  const inVocab = vocab.get(content) ?? id;
  return problems.expect(
    inVocab === id,
    `${where}: ${shownValue(content)} must have the vocabulary's id, ${inVocab}; it has ${id}`,
  )
    ? id
    : undefined;
}

function expectOnce(listed: unknown, problems: Problems): void {
  if (!Array.isArray(listed)) return;
  const seen = new Set<string>();
  const twice = listed.map((token) => contentOf(token) ?? "").filter((content) => seen.size === seen.add(content).size);
  problems.expect(
    twice.length === 0,
    `tokenizer.json: "added_tokens" must list a token once; it lists ${shownNames(twice)} twice`,
  );
}
