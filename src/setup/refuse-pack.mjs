// @ts-check
// npm runs this before it packs or publishes, unless it ignores scripts.
import notPacked from "./not-packed.cjs";

console.error(notPacked.NOT_PACKED);
process.exitCode = 1;
