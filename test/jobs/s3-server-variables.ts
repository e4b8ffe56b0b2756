import type { TestContext } from "node:test";

import { temporaryFolder } from "./jobs-folder";
import { startS3Server, type S3Server, type S3ServerOptions } from "./servers/s3-server";

export const SECRET = "canary-secret-of-the-test";

/** Starts a server, and sets the variables by which AWS's client finds it, until the test ends. */
export async function s3Server(t: TestContext, options: S3ServerOptions = {}): Promise<S3Server> {
  const started = await startS3Server(options);
  const variables = {
    AWS_ENDPOINT_URL: started.url,
    AWS_ACCESS_KEY_ID: "canary-id",
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: "eu-test-1",
    XDG_CACHE_HOME: await temporaryFolder(t),
  };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  t.after(async () => {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    await started.close();
  });
  return started;
}
