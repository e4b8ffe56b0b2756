import { TsloraError } from "../../../src/base/tslora-error";
import type { Random } from "../../../src/base/random";
import { LogisticRegression } from "../../../src/evaluation/baseline/logistic-regression";
import { TfidfVectorizer } from "../../../src/evaluation/baseline/tfidf-vectorizer";
import { difference } from "../../evaluation/metric-calls";
import type { ParityLine } from "../parity-line";

interface Case {
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  readonly unseen: readonly string[];
  readonly ngramRange: readonly [number, number];
  readonly minDf: number;
  readonly sublinearTf: boolean;
  readonly C: number;
  readonly classWeight?: "balanced" | readonly number[];
}
/** Results of scikit-learn, or its refusal of the corpus: of random texts some leave no term. */
type Expected = { readonly refused: string } | Fitted;
interface Fitted {
  readonly features: readonly string[];
  readonly weights: readonly (readonly number[])[];
  readonly probabilities: readonly (readonly number[])[];
}

const WORDS =
  "red green blue warm cold river stone field cloud winter summer bright quiet small the of and in on moves Straße naïve e\u0301clair snake_case x1 ½ 漢字 テスト don't 3.14 p<0.05 ΣΊΣΥΦΟΣ İstanbul 𝒳𝒴 \u{20000}\u{20001} a I".split(
    " ",
  );

export const line: ParityLine = {
  title: "TF-IDF and logistic regression",
  against: "scikit-learn",
  async run({ random, cases, python }) {
    const drawn = Array.from({ length: cases(60) }, () => drawCase(random));
    const expected = (await python(drawn)) as Expected[];
    let [terms, weights, probabilities] = [0, 0, 0];
    const refusals: string[] = [];
    const fitted: number[] = [];
    drawn.forEach((one, i) => {
      const { labels, C, classWeight } = one;
      const [ours, theirs] = [fitOurs(one), expected[i]];
      if ("refused" in ours || "refused" in theirs) {
        const [left, right] = [ours, theirs].map((side) => ("refused" in side ? side.refused : "a model"));
        if ("refused" in ours !== "refused" in theirs)
          refusals.push(`case ${i}, ${JSON.stringify(one).slice(0, 500)}: ${left} is not ${right}`);
        return;
      }
      fitted.push(i);
      const { vectorizer, train } = ours;
      const x = vectorizer.transform(one.unseen);
      if (JSON.stringify(vectorizer.featureNames) !== JSON.stringify(theirs.features)) terms++;
      const rows = theirs.weights.map((row) => row.map(() => 0));
      rows.forEach((row, text) =>
        x.indices
          .slice(x.indptr[text], x.indptr[text + 1])
          .forEach((column, k) => (row[column] = x.data[x.indptr[text] + k])),
      );
      weights = Math.max(weights, difference(rows, theirs.weights));
      const model = new LogisticRegression({ C, classWeight }).fit(train, labels);
      probabilities = Math.max(probabilities, difference(model.predictProba(x), theirs.probabilities));
    });
    return [
      {
        what: "refused by both or by none",
        cases: drawn.length,
        largest: refusals.length,
        bound: 0,
        worst: refusals[0],
      },
      { what: "terms", cases: fitted.length, largest: terms, bound: 0 },
      { what: "TF-IDF of unseen texts", cases: fitted.length, largest: weights, bound: 1e-12 },
      {
        what: "probabilities of unseen texts, 2 to 5 classes, class weights",
        cases: fitted.length,
        largest: probabilities,
        bound: 1e-4,
      },
    ];
  },
};

/** Our vectorizer and the training texts' terms, or why it refused them. */
function fitOurs({
  texts,
  ngramRange,
  minDf,
  sublinearTf,
}: Case):
  | { readonly refused: string }
  | { readonly vectorizer: TfidfVectorizer; readonly train: ReturnType<TfidfVectorizer["transform"]> } {
  try {
    const vectorizer = new TfidfVectorizer({ ngramRange, minDf, sublinearTf }).fit(texts);
    return { vectorizer, train: vectorizer.transform(texts) };
  } catch (error) {
    if (error instanceof TsloraError) return { refused: error.message };
    throw error;
  }
}

function drawCase(random: Random): Case {
  const classes = 2 + random.below(4);
  const n = 30 + random.below(120);
  const skew = 1 + 2 * random.uniform();
  const labels = Array.from({ length: n }, (_, i) =>
    i < classes ? i : Math.floor(classes * random.uniform() ** skew),
  );
  const text = (label: number): string =>
    Array.from(
      { length: 3 + random.below(15) },
      () => WORDS[random.uniform() < 0.3 ? (label * 5 + random.below(5)) % WORDS.length : random.below(WORDS.length)],
    ).join(random.below(5) === 0 ? ", " : " ");
  const longest = 1 + random.below(3);
  return {
    texts: labels.map(text),
    labels,
    unseen: [...Array.from({ length: 15 }, (_, i) => text(i % classes)), "", "unseen words only"],
    ngramRange: [1 + random.below(longest), longest],
    minDf: 1 + random.below(2),
    sublinearTf: random.below(2) === 0,
    C: 10 ** (3 * random.uniform() - 1),
    classWeight: [undefined, "balanced" as const, Array.from({ length: classes }, () => 0.2 + 3 * random.uniform())][
      random.below(3)
    ],
  };
}
