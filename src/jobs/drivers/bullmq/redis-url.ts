/** Address and login of a Redis. Never print `href` or `password`; `shown` is for messages. */
export interface RedisUrl {
  readonly href: string;
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  /** The address without user and password. */
  readonly shown: string;
}

const DEFAULT_PORT = 6379;

/** Parses a Redis' URL; undefined if the text is none. */
export function redisUrl(text: string): RedisUrl | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return undefined;
  }
  const path = /^\/?(\d{1,4})?$/.exec(url.pathname);
  const rest = url.search === "" && url.hash === "";
  if (!["redis:", "rediss:"].includes(url.protocol) || url.hostname === "" || path === null || !rest) return undefined;
  const [username, password] = [decoded(url.username), decoded(url.password)];
  const db = Number(path[1] ?? 0);
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  const shown = `${url.protocol}//${url.hostname}:${port}${db === 0 ? "" : `/${db}`}`;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { href: text, host, port, db, username, password, tls: url.protocol === "rediss:", shown };
}

/** A text in which a Redis' login does not appear: the only place that removes it. */
export function withoutLogin(text: string, { href, username, password, shown }: RedisUrl): string {
  const secrets = [password, password === undefined ? undefined : encodeURIComponent(password)];
  let safe = text.replaceAll(href, shown);
  for (const secret of secrets) if (secret !== undefined && secret !== "") safe = safe.replaceAll(secret, "***");
  return username === undefined || password === undefined ? safe : safe.replaceAll(`${username}:***`, "***");
}

function decoded(part: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
