// @ts-check
// npm runs this before it publishes. "private" in package.json refuses a tarball too.
console.error(
  "npm publish is refused: tslora is given away as a tarball. `npm pack` writes it; .github/CONTRIBUTING.md (A release) says what to do with it.",
);
process.exitCode = 1;
