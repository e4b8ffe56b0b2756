#!/usr/bin/env node
// @ts-check
// The package's command: `npx tslora run NOTEBOOK…`. As start.mjs, with every argument for tslora's command line.

process.argv.splice(2, 0, "cli");
void import("./start.mjs");
