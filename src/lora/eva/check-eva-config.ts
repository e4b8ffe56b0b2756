import type { Problems } from "../../base/problems";
import { shownValue } from "../../base/shown-value";
import { EVA_DEFAULTS, type LoraConfig, type ResolvedLoraConfig } from "../lora-config";

/** Checks the values of `evaConfig`, and that they are given only where they are used. */
export function checkEvaConfig(
  { evaConfig }: LoraConfig,
  { resolved, problems }: { resolved: Pick<ResolvedLoraConfig, "initLoraWeights" | "evaConfig">; problems: Problems },
): void {
  const isEva = resolved.initLoraWeights === "eva";
  problems.expect(
    isEva || evaConfig === undefined,
    `evaConfig must be left out unless initLoraWeights is "eva"; got initLoraWeights ${shownValue(resolved.initLoraWeights)}`,
  );
  const isRecord = evaConfig === undefined || (typeof evaConfig === "object" && evaConfig !== null);
  problems.expect(isRecord, `evaConfig must be a record of options; got ${shownValue(evaConfig)}`);
  if (!isEva || !isRecord || resolved.evaConfig === undefined) return;
  const known = Object.keys(EVA_DEFAULTS);
  for (const name of Object.keys(evaConfig ?? {}))
    problems.expect(
      known.includes(name),
      `evaConfig: "${name}" is not an option of EvaConfig here; known are ${known.join(", ")}`,
    );
  const { rho, tau, whiten, adjustScalingFactors } = resolved.evaConfig;
  const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
  problems.expect(isNumber(rho) && rho >= 1, `evaConfig: rho must be a number of at least 1; got ${shownValue(rho)}`);
  problems.expect(
    isNumber(tau) && tau >= 0 && tau < 1,
    `evaConfig: tau must be a number from 0 to below 1; got ${shownValue(tau)}`,
  );
  for (const [name, value] of Object.entries({ whiten, adjustScalingFactors }))
    problems.expect(typeof value === "boolean", `evaConfig: ${name} must be true or false; got ${shownValue(value)}`);
}
