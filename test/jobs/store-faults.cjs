/**
 * Faults of a store, for tests: loaded into a worker with `--require`. While the file TEST_FAULT_FLAG exists, writes
 * into a store's results and manifests fail or take long, as TEST_FAULT says: ENOSPC, EROFS or slow.
 */
"use strict";
const fs = require("node:fs");
const promises = require("node:fs/promises");
const { env } = require("node:process");
const { setTimeout: delay } = require("node:timers/promises");

const { TEST_FAULT: fault, TEST_FAULT_FLAG: flag } = env;
const PLACES = /[\\/](results|manifests|partial)([\\/]|$)/;

for (const name of ["rename", "link", "writeFile", "rm"]) {
  const real = promises[name];
  promises[name] = async (...given) => {
    const touches = given.slice(0, 2).some((path) => typeof path === "string" && PLACES.test(path));
    if (touches && fs.existsSync(flag)) {
      if (fault === "slow") await delay(50);
      else throw Object.assign(new Error(`${fault}: ${name}`), { code: fault, syscall: name, path: given[0] });
    }
    return real(...given);
  };
}
