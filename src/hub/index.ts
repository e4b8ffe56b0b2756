export {
  modelCard,
  saveModelCard,
  type CardData,
  type CardEvaluation,
  type CardInterval,
  type ModelCardInfo,
} from "./card/model-card";
export { readRunFacts, type RunFacts } from "./card/run-facts";
export type { DownloadProgress } from "./download-file";
export { preparePush, type PreparedPush } from "./push/prepare-push";
export type { PushOptions, PushTarget } from "./push/push-options";
export type { PushProgress } from "./push/push-progress";
export { pullFromHub, type PulledAdapter, type PulledModel, type PullOptions } from "./pull-from-hub";
export { pushToHub, type PushedRepository } from "./push/push-to-hub";
export { resolveModel, type ResolvedModel, type ResolveModelOptions } from "./resolve-model";
