// The name under which most files import it.
export { projectRoot } from "./places";
