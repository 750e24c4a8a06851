/**
 * Signals that come while a server starts. Without a handler SIGHUP ends a process, and SIGTERM does not end one that is
 * process 1 of a container; so `cli.ts` has them taken before it loads the rest of the program.
 */

/** The command of `modhaven [OPTIONS] COMMAND …`, of the words behind the name of the program; undefined if there is none. */
export function commandOf(words: readonly string[]): string | undefined {
  return words.find((word) => !word.startsWith('-'));
}

let isReloadAsked = false;
const remember = (): void => {
  isReloadAsked = true;
};
/** Nothing is being answered yet that could be finished. */
const end = (): void => process.exit(0);

/**
 * To be called first, with the arguments of the program: until `takeSignals` a server that starts remembers SIGHUP and ends
 * in good order at SIGTERM and SIGINT. Other commands are left as they are.
 */
export function holdSignals(words: readonly string[]): void {
  if (commandOf(words) !== 'serve') return;
  process.on('SIGHUP', remember);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}

/** To be called once the caller takes them itself. Returns whether a SIGHUP came before, after which files are to be read again. */
export function takeSignals(): boolean {
  process.off('SIGHUP', remember);
  process.off('SIGTERM', end);
  process.off('SIGINT', end);
  return isReloadAsked;
}
