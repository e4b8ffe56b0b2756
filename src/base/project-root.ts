// Most files import `projectRoot` from here.
export { projectRoot } from "./places";
