import type { StudyFacts } from "../facts/study-facts";
import type { PageSection } from "../page/page-section";

/** The question, and how the results answer it. */
export function questionSection({ question, results, subject }: StudyFacts): PageSection {
  const { method, n } = { method: subject.method, n: results.after.n };
  return {
    id: "question",
    title: "Question",
    content: [
      { kind: "paragraph", text: question },
      {
        kind: "paragraph",
        text: `The answer is the change of the accuracy on the same ${n} test texts, with the interval of a paired bootstrap and McNemar's exact test. The baseline has to be beaten as well: if TF-IDF with logistic regression is as good, ${method === "lora" ? "the adapter" : "the training"} is not worth its cost.`,
      },
      {
        kind: "paragraph",
        text: "Development and evaluation are one run: the validation texts choose the weights, and the test texts are used once, for the figures of this report.",
      },
    ],
  };
}
