import { randomUUID } from "node:crypto";

import type { Tslab } from "./tslab";

/** Shows a text in the running cell as a display of its own, which is emptied once the text is no longer true. */
export function stopNotice({ jupyter }: Tslab): (text: string | undefined) => void {
  let shown: string | undefined;
  return (text) => {
    if (text !== undefined) {
      shown = randomUUID();
      jupyter.lastWriteDisplayData?.(
        { data: { "text/plain": text }, metadata: {}, transient: { display_id: shown } },
        false,
      );
    } else if (shown !== undefined) {
      jupyter.lastWriteDisplayData?.({ data: {}, metadata: {}, transient: { display_id: shown } }, true);
      shown = undefined;
    }
  };
}
