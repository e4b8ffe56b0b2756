#!/usr/bin/env node
// @ts-check
// The package's command: `npx tslora run NOTEBOOK…`. Like start.mjs, but passes every argument to tslora's command
// line.

process.argv.splice(2, 0, "cli");
void import("./start.mjs");
