import type { Binding, BoundFunction } from "../load-tensorflow";
import { explainErrors } from "../tensorflow/explain-errors";
import { decodeTrace, functionParts, type Changing, type DecodedTrace } from "./function-parts";
import type { OperationKinds } from "./operation-kinds";
import type { TraceData } from "./trace";

/** A graph function for one sequence of operations. */
interface Recorded {
  readonly code: Int32Array;
  readonly decoded: DecodedTrace;
  readonly integers: Int32Array;
  readonly floatBits: Int32Array;
  readonly changing: Changing;
  bound: BoundFunction | undefined;
}

/** Counts of recorded functions. */
export interface FunctionCounts {
  /** Functions that TensorFlow has now. */
  readonly functions: number;
  /** Functions that were recorded so far, with those that replaced another when a further constant changed. */
  readonly recorded: number;
  /** Calls of functions so far. */
  readonly calls: number;
  /** Seconds that recording took so far. */
  readonly recordingSeconds: number;
}

let named = 0; // functions of a process have different names: its recorders share TensorFlow's context

/**
 * The graph functions of a recorder: one for each sequence of operations, types and results. Numbers of constants are
 * compared with those recorded: those that changed become arguments, once and for all.
 */
export class RecordedFunctions {
  readonly #binding: Binding;
  readonly #kinds: OperationKinds;
  readonly #byHash = new Map<number, Recorded[]>();
  readonly #watching = new Set<Recorded[]>();
  #recorded = 0;
  #calls = 0;
  #seconds = 0;

  constructor(binding: Binding, kinds: OperationKinds) {
    this.#binding = binding;
    this.#kinds = kinds;
  }

  get counts(): FunctionCounts {
    const functions = [...this.#byHash.values()].reduce((sum, all) => sum + all.length, 0);
    return { functions, recorded: this.#recorded, calls: this.#calls, recordingSeconds: this.#seconds };
  }

  /**
   * Runs a trace as a function, which is recorded first if there is none. Returns the ids of the results.
   *
   * @throws what TensorFlow reports; the message names the operation. TsloraError `device` if memory ran out
   */
  run(data: TraceData): Int32Array {
    const recorded = this.#find(data) ?? this.#add(data);
    if (this.#markChanges(recorded, data) || recorded.bound === undefined) this.#define(recorded, data);
    if (recorded.bound === undefined) throw new TypeError("A recorded function must be defined.");
    this.#calls++;
    const { bound } = recorded;
    return explainErrors(() => this.#binding.runFunction(bound, data.tensors, data.integers, data.floats));
  }

  /** Starts a scope: its end removes the functions recorded since, unless they were removed before. */
  scope(): () => void {
    const since: Recorded[] = [];
    this.#watching.add(since);
    return () => {
      this.#watching.delete(since);
      for (const recorded of since.splice(0)) this.#remove(recorded);
    };
  }

  #find({ code }: TraceData): Recorded | undefined {
    return this.#byHash.get(hashOf(code))?.find((recorded) => isEqual(recorded.code, code));
  }

  #add({ code, integers, floatBits }: TraceData): Recorded {
    const recorded: Recorded = {
      code: code.slice(),
      decoded: decodeTrace(code, this.#kinds),
      integers: integers.slice(),
      floatBits: floatBits.slice(),
      changing: { integers: new Uint8Array(integers.length), floats: new Uint8Array(floatBits.length) },
      bound: undefined,
    };
    const hash = hashOf(code);
    this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), recorded]);
    for (const since of this.#watching) since.push(recorded);
    return recorded;
  }

  /** Marks constants that differ from the recorded ones. Returns whether there are new ones. */
  #markChanges({ integers, floatBits, changing }: Recorded, data: TraceData): boolean {
    const inIntegers = markChanges(changing.integers, integers, data.integers);
    return markChanges(changing.floats, floatBits, data.floatBits) || inIntegers;
  }

  #define(recorded: Recorded, data: TraceData): void {
    const started = performance.now();
    this.#unbind(recorded);
    const { decoded, changing } = recorded;
    const parts = functionParts(data, { decoded, changing, binding: this.#binding });
    recorded.bound = this.#binding.defineFunction(`tslora_${named++}`, parts);
    this.#recorded++;
    this.#seconds += (performance.now() - started) / 1000;
  }

  #unbind(recorded: Recorded): void {
    if (recorded.bound !== undefined) this.#binding.removeFunction(recorded.bound);
    recorded.bound = undefined;
  }

  #remove(recorded: Recorded): void {
    this.#unbind(recorded);
    const hash = hashOf(recorded.code);
    const rest = (this.#byHash.get(hash) ?? []).filter((each) => each !== recorded);
    if (rest.length === 0) this.#byHash.delete(hash);
    else this.#byHash.set(hash, rest);
  }
}

function hashOf(code: Int32Array): number {
  let hash = 0x811c9dc5; // FNV-1a over whole integers
  for (let i = 0; i < code.length; i++) hash = Math.imul(hash ^ code[i], 0x01000193);
  return hash ^ code.length;
}

function isEqual(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function markChanges(marks: Uint8Array, before: Int32Array, now: Int32Array): boolean {
  let found = false;
  for (let i = 0; i < now.length; i++) {
    if (now[i] === before[i] || marks[i] === 1) continue;
    marks[i] = 1;
    found = true;
  }
  return found;
}
