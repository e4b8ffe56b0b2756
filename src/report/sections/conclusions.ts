import type { StudyFacts } from "../facts/study-facts";
import type { PageSection } from "../page/page-section";

/** Conclusions that the figures allow. */
export function conclusionSection({ findings }: StudyFacts): PageSection {
  return { id: "conclusions", title: "Conclusions", content: [{ kind: "list", items: findings }] };
}

/** Limits of the conclusions. */
export function limitSection({ limits }: StudyFacts): PageSection {
  return { id: "limits", title: "Limits", content: [{ kind: "list", items: limits }] };
}
