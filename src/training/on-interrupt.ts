/**
 * Watches for SIGINT, which a terminal's Ctrl-C and Jupyter's interrupt both send, for as long as it is not
 * released. In a terminal a second one ends the process as ever.
 */
export function onInterrupt(): { requested(): boolean; release(): void } {
  let requested = false;
  const note = (): void => {
    if (requested && process.listenerCount("SIGINT") === 1) process.exit(130);
    requested = true;
  };
  process.on("SIGINT", note);
  return { requested: () => requested, release: () => void process.off("SIGINT", note) };
}
