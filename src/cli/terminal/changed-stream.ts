/** The same stream, but for the texts that are written to it: `change` gives what is written instead. */
export function changedStream<Stream extends NodeJS.WritableStream>(
  stream: Stream,
  change: (text: string) => string,
): Stream {
  const write = (chunk: unknown, ...rest: unknown[]): unknown =>
    Reflect.apply(stream.write.bind(stream), stream, [typeof chunk === "string" ? change(chunk) : chunk, ...rest]);
  return new Proxy(stream, {
    get: (target, key): unknown => {
      if (key === "write") return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
