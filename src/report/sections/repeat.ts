import { formatNumber, formatSeconds } from "../../figures/format";
import type { EnvironmentFacts } from "../evidence/evidence";
import type { StudyFacts, TimeFacts } from "../facts/study-facts";
import { missingEvidence, type PageBlock, type PageSection } from "../page/page-section";
import type { ReportCell } from "../report-section";

/** Commands, settings, versions, machine and times. */
export function repeatSection({ commands, settings, environment, time, subject, data }: StudyFacts): PageSection {
  const file = data?.source.file;
  return {
    id: "repeat",
    title: "How to repeat it",
    content: [
      {
        kind: "paragraph",
        text: `With the same version of tslora, the same data${file === undefined ? "" : ` (\`${file}\`, by the SHA-256 under Data)`} and the same seed, the run gives the same figures on the same kind of device.`,
      },
      ...commands.map(({ does, command }) => ({ kind: "command" as const, does, command })),
      { kind: "heading", id: "settings", text: "Settings" },
      ...(settings === undefined
        ? missingEvidence("its parameters", subject)
        : [
            {
              kind: "table" as const,
              id: "settings-table",
              caption: "Parameters of the run",
              columns: [{ name: "Parameter" }, { name: "Value" }],
              rows: Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]),
            },
          ]),
      { kind: "heading", id: "versions", text: "Versions, machine and time" },
      ...(environment === undefined
        ? missingEvidence("versions and machine", subject)
        : environmentBlocks(environment)),
      timeBlock(time),
      ...(subject.notices.length === 0 ? [] : [{ kind: "list" as const, items: subject.notices }]),
      {
        kind: "links",
        links: [
          { file: "study.json", about: "the facts of this report for programs" },
          { file: "study.schema.json", about: "the JSON schema of study.json" },
          { file: "notebooks.html", about: "the notebooks with code and outputs, for a run of the study" },
        ],
      },
    ],
  };
}

function environmentBlocks(environment: EnvironmentFacts): PageBlock[] {
  const { versions, platform, processor, cores, memoryBytes, peakMemoryBytes, instructions, device } = environment;
  return [
    {
      kind: "table",
      id: "versions-table",
      caption: "Versions and machine",
      columns: [{ name: "Part" }, { name: "Value" }],
      rows: [
        ...Object.entries(versions).map(([name, value]): ReportCell[] => [name, value]),
        ["Platform", platform],
        ["Processor", `${processor}, ${formatNumber(cores)} cores`],
        ["Memory", gigabytes(memoryBytes)],
        ["Most memory of the run", gigabytes(peakMemoryBytes)],
        ...(device === undefined ? [] : [["Device", `${device.name} (${device.kind}), ${device.backend}`]]),
        ["Instruction set of the kernels", instructions ?? "none: the kernels did not run"],
      ],
    },
  ];
}

function timeBlock({ training, prediction, notebooks }: TimeFacts): PageBlock {
  return {
    kind: "table",
    id: "time-table",
    caption: "Times",
    columns: [{ name: "Part" }, { name: "Time", align: "right" }],
    rows: [
      ["Training", formatSeconds(training)],
      ["Prediction of the test texts", formatSeconds(prediction)],
      ...(notebooks ?? []).map(({ name, seconds }) => [name, formatSeconds(seconds)]),
    ],
  };
}

function gigabytes(bytes: number): string {
  return `${formatNumber(bytes / 2 ** 30, 1)} GiB`;
}
