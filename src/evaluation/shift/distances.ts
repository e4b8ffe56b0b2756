/** Distances of a text from the training data. */
export const DISTANCES = ["mahalanobis", "nearest-neighbors"] as const;

export type DistanceName = (typeof DISTANCES)[number];

/** The fewest texts of the training data: a part of them has to place the threshold. */
export const FEWEST_TRAINING_TEXTS = 50;
