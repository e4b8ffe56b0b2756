import { chromium, type Browser, type Locator, type Page } from "playwright-core";
import sharp from "sharp";

import type { LabServer } from "./lab-server";

/** Starts the browser that `npm run test:lab` has found. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.TSLORA_CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** A notebook in Jupyter Lab, and what a user does to it. */
export class LabPage {
  constructor(
    readonly page: Page,
    private readonly server: LabServer,
  ) {}

  /** Opens a notebook in a fresh workspace and waits for its kernel. */
  async open(path: string): Promise<void> {
    await this.page.goto(`${this.server.url}/lab/tree/${path}?token=${this.server.token}&reset`, { timeout: 120_000 });
    await this.page.waitForSelector(".jp-Notebook .jp-Cell", { timeout: 120_000 });
    await this.untilIdle();
  }

  /** Runs one of Lab's commands, as its menus and keys do. */
  async command(id: string, args: Record<string, string> = {}): Promise<void> {
    await this.page.evaluate(
      ([name, given]) => void (globalThis as unknown as Lab).jupyterapp.commands.execute(name, given),
      [id, args] as const,
    );
  }

  /** Waits until the kernel has nothing to do and no cell waits. */
  async untilIdle(timeout = 300_000): Promise<void> {
    await this.page.waitForFunction(
      () => {
        const { content, sessionContext } = (globalThis as unknown as Lab).jupyterapp.shell.currentWidget;
        return (
          sessionContext.session?.kernel?.status === "idle" && content.widgets.every(({ prompt }) => prompt !== "*")
        );
      },
      undefined,
      { timeout, polling: 200 },
    );
  }

  /** Replaces a text in the first cell that has it. */
  async edit(from: string, to: string): Promise<void> {
    const done = await this.page.evaluate(
      ([before, after]) => {
        const cell = (globalThis as unknown as Lab).jupyterapp.shell.currentWidget.content.widgets.find(({ model }) =>
          model.sharedModel.getSource().includes(before),
        );
        cell?.model.sharedModel.setSource(cell.model.sharedModel.getSource().replace(before, after));
        return cell !== undefined;
      },
      [from, to] as const,
    );
    if (!done) throw new Error(`no cell has ${from}`);
  }

  /** Scrolls to the first cell whose source has a text, and returns its element. */
  async cell(source: string): Promise<Locator> {
    const index = await this.page.evaluate(async (text) => {
      const { content } = (globalThis as unknown as Lab).jupyterapp.shell.currentWidget;
      const found = content.widgets.findIndex(({ model }) => model.sharedModel.getSource().includes(text));
      if (found >= 0) {
        content.activeCellIndex = found;
        await content.scrollToItem(found, "start");
      }
      return found;
    }, source);
    if (index < 0) throw new Error(`no cell has ${source}`);
    return this.page.locator(`.jp-Cell[data-windowed-list-index="${index}"]`);
  }

  /** The cells as they would be saved. */
  async cells(): Promise<
    readonly {
      readonly isCode: boolean;
      readonly source: string;
      readonly outputs: readonly string[];
      readonly executionCount: number | null;
    }[]
  > {
    return this.page.evaluate(() =>
      (globalThis as unknown as Lab).jupyterapp.shell.currentWidget.content.widgets.map(({ model }) => {
        const { cell_type, source, outputs = [], execution_count = null } = model.toJSON();
        return {
          isCode: cell_type === "code",
          source: typeof source === "string" ? source : source.join(""),
          outputs: outputs.map((output) => JSON.stringify(output)),
          executionCount: execution_count,
        };
      }),
    );
  }

  async theme(name: "JupyterLab Light" | "JupyterLab Dark"): Promise<void> {
    await this.command("apputils:change-theme", { theme: name });
    await this.page.waitForSelector(`body[data-jp-theme-name="${name}"]`, { state: "attached" });
    await this.page.waitForTimeout(500);
  }

  /** Saves, and waits until Lab shows that the notebook is saved. */
  async save(): Promise<void> {
    await this.command("docmanager:save");
    await this.page.waitForFunction(
      () => !(globalThis as unknown as Lab).jupyterapp.shell.currentWidget.context.model.dirty,
      undefined,
      { timeout: 30_000 },
    );
  }
}

/** Share of an element's pixels that have a colour: text, lines and pages are grey, data are not. */
export async function shareInColour(element: Locator): Promise<number> {
  await element.scrollIntoViewIfNeeded();
  const { data, info } = await sharp(await element.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  let found = 0;
  for (let at = 0; at < data.length; at += info.channels) {
    const pixel = [data[at], data[at + 1], data[at + 2]];
    found += Number(Math.max(...pixel) - Math.min(...pixel) > 60);
  }
  return found / (info.width * info.height);
}

/** Lab's own objects that are used here. */
interface Lab {
  readonly jupyterapp: {
    readonly commands: { execute(id: string, args: Record<string, string>): Promise<unknown> };
    readonly shell: {
      readonly currentWidget: {
        readonly content: {
          readonly widgets: readonly LabCell[];
          activeCellIndex: number;
          scrollToItem(index: number, align: string): Promise<void>;
        };
        readonly context: { readonly model: { readonly dirty: boolean } };
        readonly sessionContext: { readonly session: { readonly kernel: { readonly status: string } | null } | null };
      };
    };
  };
}

interface LabCell {
  readonly prompt?: string; // of code cells
  readonly model: {
    readonly sharedModel: { getSource(): string; setSource(text: string): void };
    toJSON(): {
      readonly cell_type: string;
      readonly source: string | string[];
      readonly outputs?: readonly unknown[];
      readonly execution_count?: number | null;
    };
  };
}
