import { publishedStudy } from "./published-study";

/**
 * Whether the published study's model was right on each of its 200 texts, before and after training. This follows from
 * the published confusion matrices, up to the order of the texts: before training every text was predicted as label 1,
 * so that exactly the texts of label 1 were right.
 */
export function publishedOutcomes(): { readonly before: boolean[]; readonly after: boolean[] } {
  const [zero, one] = publishedStudy.confusionMatrix.after;
  const rows = (right: boolean, count: number): boolean[] => new Array<boolean>(count).fill(right);
  return {
    before: [...rows(false, zero[0] + zero[1]), ...rows(true, one[0] + one[1])],
    after: [...rows(true, zero[0]), ...rows(false, zero[1]), ...rows(false, one[0]), ...rows(true, one[1])],
  };
}
