import { keptFactor } from "../../composed/residual-norm";
import type { Drop } from "../../ops";

/** Uniforms of a program that includes {@link DRAWS}. */
export const DRAW_UNIFORMS = { seed0: "i32", seed1: "i32", rate: "f32", factor: "f32" } as const;

/** The numbers for {@link DRAW_UNIFORMS}. `factor` is that of numbers that are kept. */
export function drawUniforms({ rate, seed }: Drop, factor = keptFactor({ rate, seed })): readonly number[] {
  return [seed[0] | 0, seed[1] | 0, rate, factor];
}

/**
 * WGSL of `dropped(value, index)`: the value times `uniforms.factor`, or 0. For each index, pcg3d (Jarzynski and Olano,
 * "Hash Functions for GPU Rendering", 2020) hashes the index and the two numbers of the seed. 24 bits of the hash are a
 * uniform number in [0, 1); the value is kept if that number is at least the rate.
 */
export const DRAWS = `
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
  fn dropped(value : f32, index : i32) -> f32 {
    let drawn = pcg3d(vec3<u32>(u32(index), bitcast<u32>(uniforms.seed0), bitcast<u32>(uniforms.seed1))).x >> 8u;
    return select(0.0, value * uniforms.factor, f32(drawn) * ${2 ** -24} >= uniforms.rate);
  }`;
