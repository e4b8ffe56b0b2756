/** A compute program in WGSL. Outputs and inputs are flat arrays, uniforms single numbers. */
export interface Program {
  /** Names the code. Programs with the same key share a pipeline. */
  readonly key: string;
  /** Arrays of floats that are written. */
  readonly outputs: readonly string[];
  /** Arrays that are read, by name. */
  readonly inputs: Readonly<Record<string, "f32" | "i32">>;
  /** Numbers, by name; `uniforms.count`, the number of indices, is always there. */
  readonly uniforms: Readonly<Record<string, "f32" | "i32">>;
  /** Invocations that compute one index together, in a workgroup of their own. @default 1 */
  readonly lanes?: number;
  /**
   * WGSL that declares `fn compute(index : i32, lane : i32)`. It must use every output and input: WebGPU refuses a
   * binding that the code does not use.
   */
  readonly code: () => string;
}

/** The most arrays that one program may have: the limit of every WebGPU device. */
export const MOST_ARRAYS = 8;

const WORKGROUP = 64;
const MOST_GROUPS = 65_535; // in one dimension, on every WebGPU device

/** The number of workgroups that compute `count` indices, spread over two dimensions if one does not hold them. */
export function workgroupsFor({ lanes = 1 }: Pick<Program, "lanes">, count: number): [number, number, number] {
  const groups = lanes === 1 ? Math.ceil(count / WORKGROUP) : count;
  if (groups <= MOST_GROUPS) return [groups, 1, 1];
  const across = Math.ceil(Math.sqrt(groups));
  return [across, Math.ceil(groups / across), 1];
}

/**
 * The whole WGSL of a program. tfjs's backend puts NaN, infinity and two numbers for each array before the uniforms of
 * a program; nothing here reads them.
 */
export function shaderOf(program: Program): string {
  const { outputs, inputs, uniforms, lanes = 1 } = program;
  const arrays = [
    ...outputs.map((name) => `var<storage, read_write> ${name} : array<f32>;`),
    ...Object.entries(inputs).map(([name, type]) => `var<storage, read> ${name} : array<${type}>;`),
  ];
  const unused = ["f32", "f32", ...arrays.flatMap(() => ["i32", "i32"])];
  const fields = [
    ...unused.map((type, i) => `unused${i} : ${type},`),
    "count : i32,",
    ...Object.entries(uniforms).map(([name, type]) => `${name} : ${type},`),
  ];
  return `
    struct Uniforms { ${fields.join(" ")} };
    ${arrays.map((declaration, i) => `@group(0) @binding(${i}) ${declaration}`).join("\n")}
    @group(0) @binding(${arrays.length}) var<uniform> uniforms : Uniforms;
    ${program.code()}
    @compute @workgroup_size(${lanes === 1 ? WORKGROUP : lanes})
    fn start(
      @builtin(workgroup_id) group : vec3<u32>,
      @builtin(num_workgroups) groups : vec3<u32>,
      @builtin(local_invocation_index) local : u32,
    ) {
      let workgroup = group.y * groups.x + group.x;
      ${
        lanes === 1
          ? `let index = i32(workgroup * ${WORKGROUP}u + local);
             if (index < uniforms.count) { compute(index, 0); }`
          : `let index = i32(workgroup);
             if (index < uniforms.count) { compute(index, i32(local)); }`
      }
    }`;
}
