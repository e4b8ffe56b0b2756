export { modelCard, saveModelCard, type ModelCardInfo } from "./model-card";
export { preparePush, type PreparedPush } from "./prepare-push";
export { resolveModel, type ResolvedModel, type ResolveModelOptions } from "./resolve-model";
