/** The origin of a classifier's weights. */
export interface ModelOrigin {
  /** The model's name on the Hub, or its folder. */
  readonly id: string;
  readonly directory: string;
  /** The choice and its reason, in a sentence. */
  readonly notice: string;
}
