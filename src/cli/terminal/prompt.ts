/** Questions to the person at the terminal. */
import { createInterface } from 'node:readline/promises';

/** Shows a question on standard error and waits for a line. At the end of input the answer is empty. */
export type AskForText = (question: string) => Promise<string>;

/** Undefined where no person sits at a terminal. */
export function askForText(): AskForText | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  return async (question) => {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
      return (await Promise.race([lines.question(question), ended])).trim();
    } finally {
      lines.close();
    }
  };
}

/** The same for yes and no; anything but yes is a no. */
export function askOnTerminal(): ((text: string) => Promise<boolean>) | undefined {
  const ask = askForText();
  if (ask === undefined) return undefined;
  return async (text) => /^y(?:es)?$/i.test(await ask(`${text} [yes/no] `));
}
