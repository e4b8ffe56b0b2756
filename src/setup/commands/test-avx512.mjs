// @ts-check
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { KERNELS, kernelUnits } from "../stages/binding-commands.mjs";
import { findTool } from "../tools/find-tool.mjs";
import { passOn } from "../tools/pass-on.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

export const AVX512_HELP = `npm run test:avx512
Runs the kernels' products by AVX512-VNNI, AVX512-BF16 and AMX in Bochs, an
emulator of whole processors, and compares them with the same sums in plain
C++, bit for bit. No processor with these instructions is needed.
BOCHS names the program, version 2.8 or later, configured with --with-nogui
--enable-x86-64 --enable-avx --enable-evex --enable-amx
--enable-cpu-level=6. Debian: apt-get install bochsbios vgabios isolinux
syslinux-common xorriso.`;

const SOURCES = "test/ops/bare-metal";
/** The kernels that are compared, and those that they call. */
const COMPARED = ["bf16", "int8_product", "int8_numbers", "activation", "gelu"].map((name) => `${name}-avx512.o`);
/** A program without an operating system: no threads, no exceptions, no space below the stack. */
const FREESTANDING = [
  ...["-mno-red-zone", "-fno-exceptions", "-fno-rtti", "-fno-stack-protector", "-fcf-protection=none"],
  ...["-Dthread_local=static", "-DTSLORA_INSTRUCTIONS_NAME=avx512"],
];
const PROCESSOR = "sapphire_rapids";
const ROMS = ["/usr/share/bochs/BIOS-bochs-latest", "/usr/share/bochs/VGABIOS-lgpl-latest"];
const LOADER = ["/usr/lib/ISOLINUX/isolinux.bin"].concat(
  ["ldlinux", "libcom32", "mboot"].map((name) => `/usr/lib/syslinux/modules/bios/${name}.c32`),
);
/** The emulator needs one to three minutes. */
const LIMIT_MS = 20 * 60_000;

const emulator = () => process.env["BOCHS"] ?? "bochs";

/** Throws if a program or file is missing. */
export function checkAvx512() {
  if (process.platform !== "linux" || process.arch !== "x64")
    throw new SetUpError("npm run test:avx512 must be run on Linux on x86-64, since it compiles for such a processor.");
  const missing = [...ROMS, ...LOADER].filter((path) => !existsSync(path));
  if (spawnSync("xorriso", ["--version"]).status !== 0) missing.push("xorriso");
  if (missing.length > 0)
    throw new SetUpError(
      `${missing.join(", ")} must be installed for npm run test:avx512. Debian: apt-get install bochsbios vgabios isolinux syslinux-common xorriso`,
    );
  const { stdout, stderr } = spawnSync(emulator(), ["--help", "cpu"], { encoding: "utf8" });
  if (!`${stdout ?? ""}${stderr ?? ""}`.includes(PROCESSOR))
    throw new SetUpError(
      `BOCHS must name Bochs 2.8 or later, with AVX-512 and AMX; got ${emulator()}, which does not have the processor ${PROCESSOR}. \`npm run test:avx512 -- --help\` says how it is configured.`,
    );
}

/**
 * Compiles the comparison, runs it in the emulator, and prints a line for each method.
 *
 * @param {{ root: string }} options
 * @returns {Promise<number>} 1 if a comparison failed or did not end
 */
export async function testAvx512({ root }) {
  const folder = join(root, ".tslora", "bare-metal");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "disc", "isolinux"), { recursive: true });
  for (const commandLine of [...compile(root, folder), ...makeDisc(folder)]) {
    const code = await passOn(commandLine, { cwd: folder });
    if (code !== 0) return code;
  }
  console.error("Running it in the emulator; this takes a few minutes ...");
  const lines = await runEmulator(folder);
  /** @type {Map<string, { equal: number, different: number }>} */
  const counts = new Map();
  for (const line of lines) {
    const found = /^(not )?ok (.*?)(?: \d+){3}$/.exec(line);
    if (found === null) continue;
    const count = counts.get(found[2] ?? "") ?? { equal: 0, different: 0 };
    count[found[1] === undefined ? "equal" : "different"]++;
    counts.set(found[2] ?? "", count);
  }
  for (const [method, { equal, different }] of counts)
    console.log(`${method}: ${equal} products equal bit for bit, ${different} differ`);
  const missing = lines.filter((line) => line.startsWith("missing "));
  for (const line of missing)
    console.log(`Not tested: the emulated processor has no ${line.slice("missing ".length)}.`);
  const ended = lines.at(-1) === "end";
  if (!ended) console.log("The comparison did not end without differences.");
  return ended && missing.length === 0 ? 0 : 1;
}

/** @param {string} root @param {string} folder @returns {string[][]} */
function compile(root, folder) {
  const found = findTool("compiler");
  if ("problem" in found) throw new SetUpError(found.problem);
  const compiler = [...found.commandLine, ...FREESTANDING];
  const source = (/** @type {string} */ name) => join(root, SOURCES, name);
  const kernels = kernelUnits(root, { compiler, sets: ["avx512"] }).filter(({ object }) => COMPARED.includes(object));
  return [
    [...compiler, "-c", source("start.S"), "-o", "start.o"],
    [...compiler, "-std=c++2a", "-O2", `-I${join(root, KERNELS)}`, "-c", source("check.cc"), "-o", "check.o"],
    ...kernels.map(({ commandLine }) => commandLine(folder)),
    ["ld", "-n", "--no-warn-rwx-segments", "-T", source("link.ld"), "-o", "check64", "start.o", "check.o", ...COMPARED],
    ["objcopy", "-O", "elf32-i386", "check64", join(folder, "disc", "check")], // loaders start 32-bit programs
  ];
}

/** @param {string} folder @returns {string[][]} */
function makeDisc(folder) {
  const boot = join(folder, "disc", "isolinux");
  for (const path of LOADER) copyFileSync(path, join(boot, path.slice(path.lastIndexOf("/") + 1)));
  writeFileSync(
    join(boot, "isolinux.cfg"),
    "DEFAULT check\nPROMPT 0\nTIMEOUT 1\nLABEL check\n KERNEL /isolinux/mboot.c32\n APPEND /check\n",
  );
  return [
    [
      ...["xorriso", "-as", "mkisofs", "-quiet", "-o", "disc.iso"],
      ...["-b", "isolinux/isolinux.bin", "-c", "isolinux/boot.cat", "-no-emul-boot", "-boot-load-size", "4"],
      ...["-boot-info-table", "disc"],
    ],
  ];
}

/**
 * Runs the disc until the comparison has ended. Returns its lines.
 *
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function runEmulator(folder) {
  writeFileSync(
    join(folder, "bochsrc"),
    [
      "megs: 512",
      `cpu: model=${PROCESSOR}, count=1, ips=100000000`,
      `romimage: file=${ROMS[0]}`,
      `vgaromimage: file=${ROMS[1]}`,
      "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14",
      'ata0-master: type=cdrom, path="disc.iso", status=inserted',
      "boot: cdrom",
      "com1: enabled=1, mode=file, dev=serial.txt",
      "display_library: nogui",
      "clock: sync=none",
      "log: bochs.log",
      "panic: action=fatal",
      "",
    ].join("\n"),
  );
  const serial = join(folder, "serial.txt");
  const child = spawn(emulator(), ["-q", "-f", "bochsrc"], { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
  const read = () => (existsSync(serial) ? readFileSync(serial, "utf8").split(/\r?\n/).filter(Boolean) : []);
  const closed = new Promise((resolve) => void child.on("close", resolve).on("error", resolve));
  const deadline = Date.now() + LIMIT_MS;
  const runs = () => child.exitCode === null && child.signalCode === null;
  while (runs() && Date.now() < deadline && !read().at(-1)?.startsWith("end"))
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500))]);
  child.kill("SIGKILL");
  await closed;
  return read();
}
