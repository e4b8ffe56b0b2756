import { sizeOf } from "../tensor";

/** A program as tfjs's WebGPU backend takes it. */
export interface WebgpuProgram {
  readonly outputShape: number[];
  readonly shaderKey: string;
  readonly dispatchLayout: { x: number[] };
  dispatch: [number, number, number];
  readonly variableNames: string[];
  readonly workgroupSize: [number, number, number];
  readonly uniforms: string;
  readonly size: boolean;
  getUserCode(): string;
}

const WORKGROUP = 256;

/**
 * Program that draws a dropout mask. For each element, pcg3d (Jarzynski and Olano, "Hash Functions for GPU Rendering",
 * 2020) hashes the index and the two numbers of the seed. 24 bits of the hash are a uniform number in [0, 1). The
 * element is `kept` if that number is at least the rate, else 0.
 */
export function keepMaskProgram(shape: readonly number[]): WebgpuProgram {
  return {
    outputShape: [...shape],
    shaderKey: "tslora_keep_mask",
    dispatchLayout: { x: shape.map((_, axis) => axis) },
    dispatch: [Math.ceil(sizeOf(shape) / WORKGROUP), 1, 1],
    variableNames: [],
    workgroupSize: [WORKGROUP, 1, 1],
    uniforms: "seed0 : i32, seed1 : i32, rate : f32, kept : f32,",
    size: true,
    getUserCode: () => `
      fn pcg3d(start : vec3<u32>) -> vec3<u32> {
        var v = start * 1664525u + 1013904223u;
        v.x += v.y * v.z;
        v.y += v.z * v.x;
        v.z += v.x * v.y;
        v = v ^ (v >> vec3<u32>(16u));
        v.x += v.y * v.z;
        v.y += v.z * v.x;
        v.z += v.x * v.y;
        return v;
      }
      fn main(index : i32) {
        if (index < uniforms.size) {
          let drawn = pcg3d(vec3<u32>(u32(index), bitcast<u32>(uniforms.seed0), bitcast<u32>(uniforms.seed1))).x >> 8u;
          setOutputAtIndex(index, select(0.0, uniforms.kept, f32(drawn) * ${2 ** -24} >= uniforms.rate));
        }
      }`,
  };
}
