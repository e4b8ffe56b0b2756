import { sizeOf, type Tensor } from "../tensor";
import type { TensorInfo, TfjsSession } from "../tfjs-ops";
import { shaderOf, workgroupsFor, type Program } from "./programs/program";
import type { WebgpuBackend } from "./tfjs-on-webgpu";

/** The operands of a {@link Program}. */
export interface ProgramCall {
  /** The shape of each output, or a tensor that the program writes into. */
  readonly outputs: readonly (readonly number[] | Tensor)[];
  readonly inputs: readonly Tensor[];
  /** Number of indices that `compute` is called with. */
  readonly count: number;
  /** Values of the program's uniforms, in their order. */
  readonly uniforms: readonly number[];
}

/** The operands of a {@link Program} with one output. */
export interface OneOutputCall extends Omit<ProgramCall, "outputs"> {
  readonly shape: readonly number[];
}

/**
 * Runs programs among tfjs's own on its WebGPU backend. tfjs's programs have one output; here an output beyond the
 * first is bound as an input is, but the code may write it.
 */
export class ProgramRunner {
  readonly #session: TfjsSession;
  readonly #backend: WebgpuBackend;
  readonly #pipelines = new Map<string, object>();

  constructor(session: TfjsSession, backend: WebgpuBackend) {
    this.#session = session;
    this.#backend = backend;
  }

  /**
   * Returns the outputs whose shapes are given; the caller owns them.
   *
   * @throws TypeError if the operands are not those that the program declares
   */
  run(program: Program, { outputs, inputs, count, uniforms }: ProgramCall): Tensor[] {
    expectDeclared(program, {
      outputs,
      inputs,
      uniforms,
      types: inputs.map((tensor) => this.#session.info(tensor).dtype),
    });
    for (const output of outputs) if ("shape" in output) this.#session.info(output); // throws for a disposed one
    return this.#session.tensors.tidy(() => {
      const bound = outputs.map((output) => ("shape" in output ? output : this.empty(output)));
      if (count > 0) this.#submit(program, { bound: [...bound, ...inputs], count, uniforms });
      return bound.filter((_, i) => !("shape" in outputs[i]));
    });
  }

  /** Runs a program with one output, of the given shape. */
  one(program: Program, { shape, ...call }: OneOutputCall): Tensor {
    return this.run(program, { ...call, outputs: [shape] })[0];
  }

  /** A tensor whose numbers a program will write. */
  empty(shape: readonly number[]): Tensor {
    const info = this.#backend.makeTensorInfo([...shape], "float32");
    if (sizeOf(shape) === 0) Object.assign(this.#backend.tensorMap.get(info.dataId), { values: new Float32Array() });
    return this.#session.ownInfo(info, this.#backend);
  }

  /** Whether a tensor holds floats; else it holds integers. */
  hasFloats(tensor: Tensor): boolean {
    return this.#session.info(tensor).dtype === "float32";
  }

  /** A tensor's numbers in a buffer, as one list: its shape and its stride are then one uniform each. */
  #numbers(tensor: Tensor): TensorInfo {
    const { dataId, dtype } = this.#session.info(tensor);
    this.#backend.uploadToGPU(dataId);
    return { dataId, shape: [sizeOf(tensor.shape)], dtype };
  }

  #submit(
    program: Program,
    { bound, count, uniforms }: { bound: readonly Tensor[]; count: number; uniforms: readonly number[] },
  ): void {
    const [first, ...others] = bound.map((tensor) => this.#numbers(tensor));
    const types = ["i32", ...Object.values(program.uniforms)];
    this.#backend.recordAndSubmit(
      { pipeline: this.#pipeline(program), dispatch: workgroupsFor(program, count) },
      first,
      others,
      [count, ...uniforms].map((value, i) => ({ type: types[i] === "i32" ? "int32" : "float32", data: [value] })),
    );
  }

  #pipeline(program: Program): object {
    const found = this.#pipelines.get(program.key);
    if (found !== undefined) return found;
    const { device } = this.#backend;
    const module = device.createShaderModule({ code: shaderOf(program), label: program.key });
    const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "start" } });
    this.#pipelines.set(program.key, pipeline);
    return pipeline;
  }
}

const DTYPES = { f32: "float32", i32: "int32" } as const;

/** @throws TypeError if the operands of a call are not those that the program declares */
function expectDeclared(
  program: Program,
  { outputs, inputs, uniforms, types }: Omit<ProgramCall, "count"> & { readonly types: readonly string[] },
): void {
  const { key, inputs: declared } = program;
  const counts = {
    outputs: [program.outputs.length, outputs.length],
    inputs: [Object.keys(declared).length, inputs.length],
    uniforms: [Object.keys(program.uniforms).length, uniforms.length],
  };
  for (const [what, [wanted, given]] of Object.entries(counts))
    if (wanted !== given) throw new TypeError(`The program "${key}" must have ${wanted} ${what}; got ${given}.`);
  Object.entries(declared).forEach(([name, type], i) => {
    if (types[i] !== DTYPES[type])
      throw new TypeError(`${name} of the program "${key}" must be ${DTYPES[type]}; got ${types[i]}.`);
  });
}
