export { runCli } from "./program";
