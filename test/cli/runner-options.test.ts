import assert from "node:assert/strict";
import { Command, type Option } from "commander";
import { test } from "node:test";

import { helpTexts } from "../../src/cli/help-texts";
import { addRunCommand } from "../../src/cli/run/run-command";
import { addRunnerOptions, runnerOptions, type RunnerFlags } from "../../src/cli/run/runner-options";
import { addStudyCommand } from "../../src/cli/study/study-command";

const TERMINAL = { out: process.stdout, err: process.stderr, color: false, live: false };

function optionsOf(add: typeof addRunCommand): readonly Option[] {
  const program = new Command();
  add(program, TERMINAL, () => undefined);
  return program.commands[0].options;
}

test("study has each option of run, with the same help text, or its help lists the option as missing", async () => {
  const { study: help } = await helpTexts();
  const own = new Map(optionsOf(addStudyCommand).map((option) => [option.long, option.description]));
  const lacking = help.slice(help.indexOf("does not have these options of run:"));
  for (const { long, description } of optionsOf(addRunCommand)) {
    if (long === "--output-dir") continue; // its default is the study's
    if (own.has(long ?? "")) assert.equal(own.get(long ?? ""), description, long);
    else assert.match(lacking, new RegExp(`${long}[,.]`), long);
  }
  for (const name of own.keys()) assert.doesNotMatch(lacking, new RegExp(`${name}[,.]`), name);
});

test("the flags of the runner become options of a run", () => {
  const command = addRunnerOptions(new Command());
  const args = "-k tslora --cell-timeout 90 --interrupt-on-timeout --timeout 2m --output-limit 1kB".split(" ");
  const more = "--start-timeout 1m --retries 2 --transport tcp --allow-errors -p a=1 -r b=2".split(" ");
  const flags = command.parse([...args, ...more], { from: "user" }).opts<RunnerFlags>();
  assert.deepEqual(runnerOptions(flags), {
    kernel: "tslora",
    onError: "continue",
    cellTimeoutMs: 90_000,
    interruptOnTimeout: true,
    timeoutMs: 120_000,
    outputLimit: 1000,
    startTimeoutMs: 60_000,
    startRetries: 2,
    transport: "tcp",
  });
  assert.deepEqual([flags.param, flags.raw], [{ a: "1" }, { b: "2" }]);
});
