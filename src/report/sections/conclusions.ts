import type { StudyFacts } from "../facts/study-facts";
import type { PageSection } from "../page/page-section";

/** What may be concluded. */
export function conclusionSection({ findings }: StudyFacts): PageSection {
  return { id: "conclusions", title: "Conclusions", content: [{ kind: "list", items: findings }] };
}

/** What may not be concluded. */
export function limitSection({ limits }: StudyFacts): PageSection {
  return { id: "limits", title: "Limits", content: [{ kind: "list", items: limits }] };
}
