import { AUDIT_OPTIONS } from "../options/audit-options";
import { DATA_OPTIONS, GENERAL_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const auditCommand: LibraryCommand = {
  name: "audit",
  description: "Check labelled texts: wrong labels, duplicates, divided groups, odd texts; nothing is changed",
  groups: [
    { title: "Data", options: DATA_OPTIONS },
    { title: "Audit", options: AUDIT_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "audit --data reviews.csv --output issues.csv", does: "all checks; a table of IDs with reasons" },
    {
      command: "audit --data train.csv --test test.csv --checks duplicates",
      does: "test texts that are in the training texts, too",
    },
    {
      command: "audit --data reviews.csv --json | jq '.issues[] | select(.reason == \"label-issue\")'",
      does: "for a program",
    },
  ],
  notes:
    "Labels are judged by confident learning, as in cleanlab, with a baseline that did not see the text: TF-IDF with logistic regression in stratified folds. Issues are not errors: look at the texts before you remove them.",
  run: async (call) => (await import("./run-audit.js")).runAudit(call),
};
