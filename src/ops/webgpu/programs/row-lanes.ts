/** Number of invocations that share a row on a GPU; a power of two. A software adapter takes 1. */
export const GPU_LANES = 64;

/**
 * WGSL of `rowSum(value, lane)` and `rowHighest(value, lane)`: the sum and the maximum of the lanes' values, for every
 * lane. All lanes of a workgroup must call them.
 */
export function rowLanes(lanes: number): string {
  if (lanes === 1)
    return `
      fn rowSum(value : f32, lane : i32) -> f32 { return value; }
      fn rowHighest(value : f32, lane : i32) -> f32 { return value; }`;
  const reduction = (name: string, combined: string): string => `
    fn ${name}(value : f32, lane : i32) -> f32 {
      laneValues[lane] = value;
      workgroupBarrier();
      for (var reach = ${lanes / 2}; reach > 0; reach = reach / 2) {
        if (lane < reach) {
          let other = laneValues[lane + reach];
          laneValues[lane] = ${combined};
        }
        workgroupBarrier();
      }
      let all = laneValues[0];
      workgroupBarrier();
      return all;
    }`;
  return `
    var<workgroup> laneValues : array<f32, ${lanes}>;
    ${reduction("rowSum", "laneValues[lane] + other")}
    ${reduction("rowHighest", "max(laneValues[lane], other)")}`;
}
