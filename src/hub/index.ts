export { resolveModel, type ResolvedModel } from "./resolve-model";
