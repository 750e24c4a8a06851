/** A question to the person at the terminal. */
import { createInterface } from 'node:readline/promises';

/** Asks on standard error and waits for an answer; undefined where nobody sits in front of it. */
export function askOnTerminal(): ((text: string) => Promise<boolean>) | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (text) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      // At the end of input there is no answer, which is no yes.
      const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
      const answer = await Promise.race([lines.question(`${text} [yes/no] `), ended]);
      return /^y(?:es)?$/i.test(answer.trim());
    } finally {
      lines.close();
    }
  };
}
