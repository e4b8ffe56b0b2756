import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { ADAPTER, content, withPush } from "./push-folders";

const names = Object.keys(ADAPTER).sort();

test("a push creates the repository, uploads the large files and commits all files; a second push sends nothing", () =>
  withPush(async ({ hub, push }) => {
    const first = await push({ commitMessage: "The first", commitDescription: "With words." });
    assert.deepEqual(hub.files("me/it"), ADAPTER);
    assert.deepEqual([first.changed, first.sent], [names, names]);
    assert.deepEqual([first.url, first.kind, first.revision], [`${hub.endpoint}/me/it`, "adapter", "main"]);
    assert.deepEqual(hub.repositories.get("me/it")?.commits, [
      { branch: "main", summary: "The first", paths: first.files.map(({ path }) => path) },
    ]);
    assert.equal(hub.repositories.get("me/it")?.branches.get("main")?.commit, first.commit);
    const asked = hub.requests.length;
    const second = await push();
    assert.deepEqual([second.changed, second.sent, second.commit], [[], [], first.commit]);
    assert.deepEqual(hub.requests.slice(asked), [
      "GET /api/models/me/it/revision/main",
      "GET /api/models/me/it/revision/main",
      `POST /api/models/me/it/paths-info/${first.commit}`,
    ]);
    assert.deepEqual([hub.leaked, hub.mistakes], [[], []]);
  }));

test("only changed files are sent: a new card without the weights, and no weights that the Hub has", () =>
  withPush(async ({ hub, push, folder }) => {
    await push();
    await writeFile(join(folder, "README.md"), "# Another card\n");
    const [puts, before] = [hub.asked(/PUT/).length, hub.requests.length];
    const card = await push();
    assert.deepEqual([card.changed, card.sent], [["README.md"], ["README.md"]]);
    assert.equal(hub.asked(/PUT/).length, puts);
    assert.deepEqual(hub.asked(/batch/).length, 1, "no request asks where to store a card");
    assert.ok(hub.requests.slice(before).some((line) => /commit/.test(line)));
    // another repository: its files are there under their hashes, but not in its branch
    const other = await push({ repoId: "me/other" });
    assert.equal(hub.asked(/PUT/).length, puts);
    assert.deepEqual(other.sent, ["README.md", "adapter_config.json"]);
    assert.deepEqual(other.changed, names);
    assert.deepEqual(hub.files("me/other"), hub.files("me/it"));
  }));

test("a branch is made from main; a pull request leaves it as it is; a further push may go to a pull request", () =>
  withPush(async ({ hub, push, folder }) => {
    await push();
    await writeFile(join(folder, "README.md"), "# v2\n");
    await push({ revision: "v2/try" });
    assert.equal(hub.files("me/it", "v2/try")["README.md"].toString(), "# v2\n");
    assert.deepEqual(hub.files("me/it")["README.md"], ADAPTER["README.md"]);
    const asked = await push({ createPr: true });
    assert.equal(asked.pullRequestUrl, `${hub.endpoint}/me/it/discussions/1`);
    assert.deepEqual(hub.files("me/it")["README.md"], ADAPTER["README.md"]);
    await writeFile(join(folder, "README.md"), "# v3\n");
    const more = await push({ revision: "refs/pr/1" });
    assert.deepEqual(more.changed, ["README.md"]);
    assert.equal(hub.files("me/it", "refs/pr/1")["README.md"].toString(), "# v3\n");
    await assert.rejects(push({ revision: "refs/pr/9" }), /has no branch or pull request refs\/pr\/9/);
    await assert.rejects(push({ revision: "none", createPr: true }), /has no branch or pull request none/);
    await assert.rejects(push({ repoId: "you/it", createPr: true }), /no repository at .*you\/it for a pull request/);
  }));

test("a pull request goes to another owner's repository, which a push may not change", () =>
  withPush(async ({ hub, push }) => {
    hub.add("you/it");
    await assert.rejects(
      push({ repoId: "you/it" }),
      /does not let the token write you\/it \(it answers 403 while .*You don't have the rights/,
    );
    assert.match((await push({ repoId: "you/it", createPr: true })).pullRequestUrl ?? "", /you\/it\/discussions\/1$/);
  }));

test("a private repository is created on request; an existing public one is an error then", () =>
  withPush(async ({ hub, push }) => {
    await push({ private: true });
    assert.equal(hub.repositories.get("me/it")?.isPrivate, true);
    await push({ private: true });
    hub.add("me/public");
    await assert.rejects(push({ repoId: "me/public", private: true }), /is public, and private: true holds for new/);
    assert.deepEqual(hub.files("me/public"), {});
  }));

test("a file above the limit is uploaded in parts, which the storage joins", () =>
  withPush(
    async ({ hub, push }) => {
      await push();
      assert.deepEqual(hub.files("me/it"), ADAPTER);
      assert.equal(hub.asked(/STORAGE PUT/).length, 5 + 1);
      assert.equal(hub.asked(/complete_multipart/).length, 1);
      assert.deepEqual([hub.leaked, hub.mistakes], [[], []]);
    },
    { chunkSize: 70_000 },
  ));

test("a sharded model is pushed with all shards and ONNX graphs; progress ends at the sum of all bytes", () => {
  const fixture = join(projectRoot(), "test", "fixtures", "tiny-sharded");
  const model = readdirSync(fixture).filter((name) => /^(config|model)/.test(name));
  const files = {
    ...Object.fromEntries(model.map((name) => [name, readFileSync(join(fixture, name))])),
    "onnx/model.onnx": content("graph", 2000),
    "vocab.txt": Buffer.from("[PAD]\n"),
    LICENSE: Buffer.from("MIT"),
  };
  return withPush(
    async ({ hub, push }) => {
      const steps: string[] = [];
      let last = { bytes: 0, total: -1 };
      await push({
        onProgress: (progress) => {
          if (progress.phase === "sending") {
            assert.ok(progress.bytes >= last.bytes && progress.bytes <= progress.total);
            last = progress;
          }
          if (steps.at(-1) !== progress.phase) steps.push(progress.phase);
        },
      });
      assert.deepEqual(Object.keys(hub.files("me/it")), Object.keys(files).sort());
      assert.deepEqual(steps, ["reading", "sending", "committing"]);
      const small = Object.entries(files).filter(
        ([path, { length }]) => !path.endsWith(".safetensors") && length < 4000,
      );
      const bytes = small.reduce((sum, [, { length }]) => sum + length, 0);
      assert.equal(last.bytes, last.total - bytes, "small files go with the commit");
    },
    { files, lfsFrom: 4000 },
  );
});
