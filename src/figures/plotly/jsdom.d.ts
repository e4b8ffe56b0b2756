/**
 * The little of jsdom that `plotly-in-node.ts` uses; @types/jsdom would bring the browser's globals into every room.
 */
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
