/** Runs something that warns thousands of times, as scikit-learn would, without printing that. */
export function withoutWarnings<Found>(run: () => Found): Found {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    return run();
  } finally {
    process.emitWarning = emitWarning;
  }
}
