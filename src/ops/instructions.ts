import { setUpCommand } from "../base/places";
import { TsloraError } from "../base/tslora-error";
import type { TensorflowSession } from "./tensorflow/session";

/** Instruction sets that the kernels are compiled for, in the binding's order. */
export const INSTRUCTIONS = ["baseline", "avx2", "avx512"] as const;
export type Instructions = (typeof INSTRUCTIONS)[number];

/** The binding's report on instruction sets. Bit i of `supported` and `compiled` is INSTRUCTIONS[i]. */
interface InstructionReport {
  /** Index of the requested set; -1 if TSLORA_INSTRUCTIONS names none. */
  readonly requested: number;
  /** Sets that this processor has. */
  readonly supported: number;
  /** Sets that the kernels are compiled for. */
  readonly compiled: number;
}

/**
 * The instruction set whose kernels run.
 *
 * @throws TsloraError `device` if the binding has no kernels, or none for the set that TSLORA_INSTRUCTIONS names
 */
export function findInstructions(session: TensorflowSession): Instructions {
  const { requested, supported, compiled } = readInstructions(session);
  const wish = process.env.TSLORA_INSTRUCTIONS ?? "";
  if (requested < 0)
    throw new TsloraError(
      "device",
      `TSLORA_INSTRUCTIONS must be ${INSTRUCTIONS.join(", ")}; got ${JSON.stringify(wish.slice(0, 60))}. Leave it out for the widest that this processor has.`,
    );
  const instructions = INSTRUCTIONS[requested];
  if ((supported & (1 << requested)) === 0)
    throw new TsloraError(
      "device",
      `TSLORA_INSTRUCTIONS must name instructions of this processor (${named(supported)}); got ${instructions}.`,
    );
  if ((compiled & (1 << requested)) === 0) {
    const [why, how] =
      wish === ""
        ? ["the widest that this processor has", ""]
        : ["by TSLORA_INSTRUCTIONS", " with the same TSLORA_INSTRUCTIONS"];
    throw new TsloraError(
      "device",
      `The kernels must be compiled for ${instructions}, ${why}; they are compiled for ${named(compiled)}. Run \`${setUpCommand()}\`${how}, which adds them.`,
    );
  }
  return instructions;
}

function readInstructions(session: TensorflowSession): InstructionReport {
  try {
    return session.tensors.tidy(() => {
      const [report] = session.execute("TsloraInstructions", [], [], 1);
      const [requested, supported, compiled] = session.binding.tensorDataSync(session.idOf(report));
      return { requested, supported, compiled };
    });
  } catch (error) {
    throw new TsloraError(
      "device",
      `The binding to TensorFlow must hold tslora's kernels, but: ${error instanceof Error ? error.message : String(error)}\nRun \`${setUpCommand()}\`, which builds it again.`,
      { cause: error },
    );
  }
}

function named(sets: number): string {
  return INSTRUCTIONS.filter((_, index) => (sets & (1 << index)) !== 0).join(", ");
}
