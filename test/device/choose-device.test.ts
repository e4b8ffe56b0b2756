import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { chooseDevice, type DeviceFacts } from "../../src/device/choose-device";
import { deviceWish } from "../../src/device/device";
import { parseSmi } from "../../src/device/nvidia";

const LIBRARIES = ["libcudart.so.12", "libcudnn.so.9"];
const plain: DeviceFacts = { tensorflow: { usesGpu: false }, cudaBuild: false, driver: false, missing: [], cards: [] };
const wish = (
  device: "auto" | "cuda" | "cpu" | "webgpu",
  requireGpu = false,
): { device: typeof device; requireGpu: boolean } => ({ device, requireGpu });

test("auto takes the GPU where TensorFlow uses one, else the processor", () => {
  assert.equal(
    chooseDevice(wish("auto"), { ...plain, tensorflow: { usesGpu: true }, driver: true, cudaBuild: true }).kind,
    "cuda",
  );
  assert.deepEqual(chooseDevice(wish("auto"), plain), { kind: "cpu", why: "no NVIDIA driver is here", warnings: [] });
});

test("if there is a GPU, using the processor gives a warning, which names the files of missing libraries", () => {
  const printed = (facts: Partial<DeviceFacts>): string => {
    const choice = chooseDevice(wish("auto"), { ...plain, ...facts });
    assert.equal(choice.kind, "cpu");
    return "warnings" in choice ? choice.warnings.join(". ") : "";
  };
  assert.match(printed({ driver: true }), /NVIDIA GPU's driver is here.*TSLORA_TENSORFLOW=cuda npm run setup/);
  assert.match(
    printed({ driver: true, cudaBuild: true, missing: LIBRARIES }),
    /libcudart\.so\.12, libcudnn\.so\.9 were looked for and not found/,
  );
  assert.match(
    printed({ driver: true, cudaBuild: true, missing: ["libcuda.so.1"] }),
    /libcuda\.so\.1 was looked for.*--gpus all/,
  );
  assert.match(
    printed({ driver: true, cudaBuild: true, hidden: "CUDA_VISIBLE_DEVICES=-1" }),
    /CUDA_VISIBLE_DEVICES=-1 hides/,
  );
  assert.match(printed({ driver: true, cudaBuild: true }), /CUDA finds no GPU/);
  assert.match(printed({ cards: ["AMD"] }), /GPU of AMD.*device "webgpu" would use it/);
});

test("a device is used or refused by name; a required GPU is CUDA, otherwise WebGPU's", () => {
  assert.deepEqual(chooseDevice(wish("cuda"), { ...plain, driver: true, cudaBuild: true, missing: LIBRARIES }), {
    kind: "none",
    why: "libcudart.so.12, libcudnn.so.9 were looked for and not found; run TSLORA_TENSORFLOW=cuda npm run setup, which brings all of them",
  });
  assert.equal(chooseDevice(wish("cuda"), plain).kind, "none");
  assert.equal(chooseDevice(wish("cpu"), plain).kind, "cpu");
  assert.equal(
    chooseDevice(wish("cpu"), { ...plain, tensorflow: { usesGpu: true } }).kind,
    "none",
    "a process has one device",
  );
  assert.deepEqual(chooseDevice(wish("webgpu"), { ...plain, tensorflow: { problem: "not there" } }), {
    kind: "webgpu",
    why: "as requested",
    requireHardware: false,
  });
  const required = chooseDevice(wish("auto", true), plain);
  assert.ok(
    required.kind === "webgpu" && required.requireHardware && required.fallback?.includes("libcuda.so.1") === true,
  );
  assert.equal(chooseDevice(wish("auto"), { ...plain, tensorflow: { problem: "not built" } }).kind, "none");
});

test("the option takes precedence over the variable, and wrong values are refused", () => {
  assert.deepEqual(deviceWish({}, { where: "x", variable: "" }), wish("auto"));
  assert.deepEqual(deviceWish({}, { where: "x", variable: "webgpu" }), wish("webgpu"));
  assert.deepEqual(
    deviceWish({ device: "auto" }, { where: "x", variable: "cpu" }),
    wish("cpu"),
    "as the variables for model and data",
  );
  assert.deepEqual(deviceWish({ device: "cpu" }, { where: "x", variable: "cuda" }), wish("cpu"));
  assert.throws(
    () => deviceWish({ device: "gpu" as "cuda" }, { where: "loadClassifier" }),
    /loadClassifier: device must be one of "auto".*got "gpu"/,
  );
  assert.throws(() => deviceWish({}, { where: "x", variable: "tpu" }), /TSLORA_DEVICE.*got "tpu"/);
  assert.throws(() => deviceWish({ device: "cpu", requireGpu: true }, { where: "x" }), /exclude each other/);
});

test("nvidia-smi's lines are read, without numbers that it lacks", () => {
  const [one, other] = parseSmi("NVIDIA H100 80GB HBM3, 81559, 80994, 9.0\nGRID, [N/A], [N/A], [N/A]\n");
  assert.deepEqual(one, {
    name: "NVIDIA H100 80GB HBM3",
    memory: 81559 * 2 ** 20,
    freeMemory: 80994 * 2 ** 20,
    computeCapability: "9.0",
  });
  assert.deepEqual(other, { name: "GRID" });
});

// In a process of its own, since a process has one device. An empty file replaces the driver's library: it is found
// by name, and TensorFlow for the processor does not open it.
const folder = mkdtempSync(join(tmpdir(), "tslora-driver-"));
after(() => rmSync(folder, { recursive: true, force: true }));
writeFileSync(join(folder, "libcuda.so.1"), "");

function inChild(
  code: string,
  variables: Record<string, string> = {},
): { status: number | null; stdout: string; stderr: string } {
  const open = join(projectRoot(), ".tslora", "tests", "src", "device", "open-device.js");
  return spawnSync(
    process.execPath,
    ["-e", `const { openDevice, resolveDevice } = require(${JSON.stringify(open)}); ${code}`],
    { encoding: "utf8", env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", LD_LIBRARY_PATH: folder, ...variables } },
  );
}

test(
  "with a driver but no CUDA, auto warns once on standard error, and a required GPU is an error with the reason",
  { skip: process.platform !== "linux" },
  () => {
    const auto = inChild(
      `(async () => { await openDevice(); const { device } = await openDevice(); console.log(device.notice); })()`,
    );
    assert.match(
      auto.stdout,
      /^Device: the processor, by TensorFlow .* An NVIDIA GPU's driver is here, but TensorFlow runs on the processor/,
    );
    assert.equal(auto.stderr.match(/An NVIDIA GPU's driver is here/g)?.length, 1);
    for (const options of [`{ device: "cuda" }`, `{ requireGpu: true }`]) {
      const { stdout } = inChild(`resolveDevice(${options}).catch(({ code, message }) => console.log(code, message))`);
      assert.match(
        stdout,
        /^device resolveDevice: .*(the device "cuda" was requested|a GPU was required), but .*TSLORA_TENSORFLOW=cuda npm run setup/s,
      );
    }
    const byVariable = inChild(
      `resolveDevice().then(({ kind, notice, warnings }) => console.log(kind, warnings.length, notice))`,
      { TSLORA_DEVICE: "cpu" },
    );
    assert.match(byVariable.stdout, /^cpu 0 Device: the processor, by TensorFlow .*, as requested\./);
  },
);
