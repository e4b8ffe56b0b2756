// @ts-check
import { existsSync } from "node:fs";

/**
 * A wheel on the Python package index, pinned by the hash of its file.
 * @typedef {{ name: string, version: string, sha256: string, bytes: number }} Wheel
 */
/**
 * The builds of TensorFlow for a platform.
 * @typedef {object} Platform
 * @property {readonly string[]} tags  the wheels' platform tags
 * @property {readonly [cc: string, framework: string]} libraries  file names in the wheel's `tensorflow` folder
 * @property {Wheel} cpu
 * @property {readonly Wheel[]} [cuda]  TensorFlow with CUDA and the NVIDIA libraries that it opens
 */

export const TENSORFLOW_VERSION = "2.21.0";

const LINUX_LIBRARIES = /** @type {const} */ (["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"]);
const MANYLINUX = [
  "manylinux_2_27",
  "manylinux_2_25",
  "manylinux_2_17",
  "manylinux2014",
  "manylinux_2_12",
  "manylinux2010",
];

/** @type {Readonly<Record<string, Platform>>} by process.platform and process.arch */
const PLATFORMS = {
  "linux-x64": {
    tags: MANYLINUX.map((tag) => `${tag}_x86_64`),
    libraries: LINUX_LIBRARIES,
    cpu: {
      name: "tensorflow-cpu",
      version: TENSORFLOW_VERSION,
      sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
      bytes: 273_829_956,
    },
    cuda: [
      {
        name: "tensorflow",
        version: TENSORFLOW_VERSION,
        sha256: "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
        bytes: 572_440_367,
      },
      {
        name: "nvidia-cublas-cu12",
        version: "12.9.3.13",
        sha256: "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
        bytes: 581_217_458,
      },
      {
        name: "nvidia-cuda-cupti-cu12",
        version: "12.9.79",
        sha256: "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f",
        bytes: 10_814_997,
      },
      {
        name: "nvidia-cuda-nvcc-cu12",
        version: "12.9.86",
        sha256: "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0",
        bytes: 40_546_229,
      },
      {
        name: "nvidia-cuda-nvrtc-cu12",
        version: "12.9.86",
        sha256: "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
        bytes: 89_568_129,
      },
      {
        name: "nvidia-cuda-runtime-cu12",
        version: "12.9.79",
        sha256: "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
        bytes: 3_493_179,
      },
      {
        name: "nvidia-cudnn-cu12",
        version: "9.28.0.42",
        sha256: "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
        bytes: 716_538_495,
      },
      {
        name: "nvidia-cufft-cu12",
        version: "11.4.1.4",
        sha256: "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
        bytes: 200_877_592,
      },
      {
        name: "nvidia-curand-cu12",
        version: "10.3.10.19",
        sha256: "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
        bytes: 68_295_626,
      },
      {
        name: "nvidia-cusolver-cu12",
        version: "11.7.5.82",
        sha256: "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
        bytes: 338_117_415,
      },
      {
        name: "nvidia-cusparse-cu12",
        version: "12.5.10.65",
        sha256: "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
        bytes: 366_465_088,
      },
      {
        name: "nvidia-nccl-cu12",
        version: "2.32.3",
        sha256: "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c",
        bytes: 351_526_311,
      },
      {
        name: "nvidia-nvjitlink-cu12",
        version: "12.9.86",
        sha256: "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
        bytes: 39_748_338,
      },
    ],
  },
  "linux-arm64": {
    tags: MANYLINUX.map((tag) => `${tag}_aarch64`),
    libraries: LINUX_LIBRARIES,
    cpu: {
      name: "tensorflow",
      version: TENSORFLOW_VERSION,
      sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
      bytes: 281_828_020,
    },
  },
  "darwin-arm64": {
    tags: ["macosx_12_0_arm64"],
    libraries: ["libtensorflow_cc.2.dylib", "libtensorflow_framework.2.dylib"],
    cpu: {
      name: "tensorflow",
      version: TENSORFLOW_VERSION,
      sha256: "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
      bytes: 223_405_849,
    },
  },
};

/**
 * The current platform.
 *
 * @returns {Platform | undefined} undefined if there is no TensorFlow for it
 */
export function supportedPlatform() {
  return PLATFORMS[`${process.platform}-${process.arch}`];
}

/**
 * A platform by name, for cross-compiling.
 *
 * @param {string} name  as process.platform and process.arch, such as `linux-arm64`
 * @returns {Platform | undefined}
 */
export function platformNamed(name) {
  return PLATFORMS[name];
}

/**
 * The build of TensorFlow for this machine: with CUDA if NVIDIA's driver is loaded, else for the CPU.
 * `TSLORA_TENSORFLOW=cpu` or `cuda` overrides this, for an image that is built for another machine.
 *
 * @returns {"cpu" | "cuda"}
 */
export function tensorflowFlavour() {
  if (supportedPlatform()?.cuda === undefined) return "cpu";
  const wish = process.env["TSLORA_TENSORFLOW"];
  if (wish === "cpu" || wish === "cuda") return wish;
  return hasNvidiaDriver() ? "cuda" : "cpu";
}

/** Whether NVIDIA's driver is loaded, from the kernel module's files; inside WSL 2 from the driver's library. */
export function hasNvidiaDriver() {
  return ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/libcuda.so.1"].some((sign) =>
    existsSync(sign),
  );
}
