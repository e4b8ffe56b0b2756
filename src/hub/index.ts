export { modelCard, saveModelCard, type ModelCardInfo } from "./model-card";
export { preparePush, type PreparedPush } from "./prepare-push";
export { resolveModel, type ResolvedModel } from "./resolve-model";
