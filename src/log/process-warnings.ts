/**
 * What Node itself warns of (a deprecated call, too many listeners, a setting that it does not like): lines of the log as
 * all others, in place of plain text on standard error.
 */
import type { Logger } from 'pino';

/** From now on warnings of this process go to `log`, and nowhere else. */
export function logWarnings(log: Pick<Logger, 'warn'>): void {
  // The listener that Node begins with writes the plain text.
  process.removeAllListeners('warning');
  process.on('warning', (warning: Error & { code?: string; detail?: string }) => {
    const { name, code, message, detail } = warning;
    log.warn({ warning: name, ...(code && { code }), ...(detail && { detail }) }, message);
  });
}
