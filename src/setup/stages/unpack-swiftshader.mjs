// @ts-check
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

import { findTool } from "../tools/find-tool.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

/** The npm package with SwiftShader and its Vulkan loader, as Chromium ships them; its other files are not used. */
const PACKAGE = {
  name: "@sparticuz/chromium",
  version: "153.0.0",
  sha512: "jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA==",
  bytes: 69_995_309,
};
const FILES = ["libvk_swiftshader.so", "libvulkan.so.1", "vk_swiftshader_icd.json"];
const PLACE = ".tslora/swiftshader";

/** Whether SwiftShader exists for this platform. */
export function hasSwiftshader() {
  return process.platform === "linux" && process.arch === "x64";
}

/**
 * The stage that installs SwiftShader, a Vulkan driver that runs on the CPU, for the tests of WebGPU.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function unpackSwiftshader(root) {
  return {
    name: "swiftshader",
    title: "SwiftShader, a GPU in software, to test WebGPU on",
    place: PLACE,
    needs: ["npm"],
    bytes: 2.5e8,
    key: () => `${PACKAGE.name} ${PACKAGE.version}`,
    isWhole: () => FILES.every((file) => existsSync(join(root, PLACE, file))),
    async make(work) {
      const npm = findTool("npm");
      if ("problem" in npm) throw new SetUpError(npm.problem);
      const [download, made] = ["download", "swiftshader"].map((name) => join(work.staging, name));
      for (const folder of [download, made]) mkdirSync(folder, { recursive: true });
      await work.watch(download, {
        total: PACKAGE.bytes,
        work: work.run(
          [
            ...npm.commandLine,
            "pack",
            `${PACKAGE.name}@${PACKAGE.version}`,
            "--ignore-scripts",
            "--prefer-offline",
            "--loglevel=error",
            "--pack-destination",
            download,
          ],
          { cwd: root },
        ),
      });
      const archive = join(download, `sparticuz-chromium-${PACKAGE.version}.tgz`);
      const found = createHash("sha512").update(readFileSync(archive)).digest("base64");
      if (found !== PACKAGE.sha512)
        throw new SetUpError(
          `${PACKAGE.name} ${PACKAGE.version} has SHA-512 ${found} where ${PACKAGE.sha512} was expected.`,
        );
      work.say("unpacking");
      await work.run(["tar", "-xzf", archive, "-C", download, "package/bin/swiftshader.tar.br"]);
      const inner = join(download, "swiftshader.tar");
      writeFileSync(inner, brotliDecompressSync(readFileSync(join(download, "package", "bin", "swiftshader.tar.br"))));
      await work.run(["tar", "-xf", inner, "-C", made, ...FILES]);
      rmSync(download, { recursive: true, force: true });
      return made;
    },
  };
}

/**
 * The variables that make SwiftShader a process's only Vulkan driver; empty if it is not installed.
 *
 * @param {string} root
 * @returns {Record<string, string>}
 */
export function swiftshaderVariables(root) {
  const folder = join(root, PLACE);
  if (!existsSync(join(folder, "libvulkan.so.1"))) return {};
  return {
    VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json"),
    LD_LIBRARY_PATH: [folder, process.env["LD_LIBRARY_PATH"] ?? ""].filter((part) => part !== "").join(":"),
  };
}
