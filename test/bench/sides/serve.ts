import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";

/**
 * Answers requests: a line of JSON on standard input each, `{ "do": NAME, ... }`, answered on file descriptor 3 by
 * `{ "result": ... }` or `{ "error": ... }`. Ends with its input.
 */
export async function serve(handlers: Readonly<Record<string, (request: never) => Promise<unknown>>>): Promise<void> {
  const answers = createWriteStream("", { fd: 3 });
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as { do: string };
    let answer: object;
    try {
      answer = { result: (await handlers[request.do](request as never)) ?? null };
    } catch (error) {
      answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    answers.write(`${JSON.stringify(answer)}\n`);
  }
  process.exit();
}
