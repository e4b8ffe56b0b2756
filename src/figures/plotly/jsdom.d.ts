/** The types of jsdom that `plotly-in-node.ts` uses; @types/jsdom would add the browser's globals to all of `src`. */
declare module "jsdom" {
  export class VirtualConsole {}
  export class JSDOM {
    constructor(
      html: string,
      options: { readonly runScripts: "outside-only" | "dangerously"; readonly virtualConsole?: VirtualConsole },
    );
    readonly window: unknown;
  }
}
