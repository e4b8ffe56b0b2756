import { loadTypeScript } from "./load-typescript";

// tslab keeps one timer for TypeScript's watch mode, and throws when TypeScript sets a second one. A file written while
// a cell ran (by an installation, a compiler, an editor) made that cell, or the next one, fail. TypeScript sets two
// timers: one to compile the program again, one to look again for modules that it has not found. In tslab timers fire
// only when it compiles a cell, and TypeScript then looks for the modules first if the second timer is set. So the
// second timer need not run: here it is only a mark, which tslab never sees.

const AGAIN = "invalidateResolutionsOfFailedLookup"; // TypeScript's name for the second timer's function
const mark = {};

type Timer = (of: unknown, ...rest: unknown[]) => unknown;

const { sys } = loadTypeScript(); // tslab loads it in any case

// tslab assigns both to an object that inherits from `sys`.
const hand = (name: "setTimeout" | "clearTimeout", around: (tslabs: Timer) => Timer): void => {
  const own: unknown = Reflect.get(sys, name);
  Object.defineProperty(sys, name, {
    configurable: true,
    get: () => own,
    set(this: object, tslabs: Timer) {
      Object.defineProperty(this, name, { configurable: true, writable: true, value: around(tslabs) });
    },
  });
};

hand(
  "setTimeout",
  (tslabs) =>
    (of, ...rest) =>
      typeof of === "function" && of.name === AGAIN ? mark : tslabs(of, ...rest),
);
hand(
  "clearTimeout",
  (tslabs) =>
    (of, ...rest) =>
      of === mark ? undefined : tslabs(of, ...rest),
);
