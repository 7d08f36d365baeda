// Graceful end on SIGTERM and Ctrl-C: what is under way is finished or rolled back, and the process is gone in 10 s.

const deadlineMs = 10_000;

/**
 * Listens for SIGTERM and SIGINT. The first aborts `signal`; a second one, or 10 s, ends the process at once: nothing
 * is lost by that, since what was not committed is replayed.
 */
export function listenForShutdown(onFirst: (signalName: string) => void = () => {}): {
  readonly signal: AbortSignal;
  /** Stops listening, for an end that came by itself; the 10 s go on where they had begun. */
  dispose(): void;
} {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(exitCodeOf(name));
    onFirst(name);
    setTimeout(() => process.exit(exitCodeOf(name)), deadlineMs).unref();
    controller.abort(name);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return {
    signal: controller.signal,
    dispose() {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
    },
  };
}

/** 128 + signal number, as shells report a process ended by a signal. */
export function exitCodeOf(name: unknown): number {
  return name === 'SIGINT' ? 130 : 143;
}
