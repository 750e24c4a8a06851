import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { askOnTerminal } from '../../../src/cli/terminal/prompt.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Puts streams in the place of the terminal; a real one needs a pseudo-terminal. */
function terminal({ input = true, output = true } = {}): { stdin: PassThrough; stderr: PassThrough } {
  const stdin = Object.assign(new PassThrough(), { isTTY: input });
  const stderr = Object.assign(new PassThrough(), { isTTY: output });
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin as unknown as typeof process.stdin);
  vi.spyOn(process, 'stderr', 'get').mockReturnValue(stderr as unknown as typeof process.stderr);
  return { stdin, stderr };
}

describe('askOnTerminal', () => {
  it.each([{ input: false }, { output: false }])(
    'is undefined where one of the two is not a terminal: %o',
    (streams) => {
      terminal(streams);
      expect(askOnTerminal()).toBeUndefined();
    },
  );

  it.each([
    ['yes\n', true],
    ['y\n', true],
    ['  YES \n', true],
    ['no\n', false],
    ['\n', false],
    ['yesterday\n', false],
  ])('takes %j for %s', async (answer, expected) => {
    const { stdin, stderr } = terminal();
    const asked = askOnTerminal()?.('Sure?');
    stdin.write(answer);
    expect(await asked).toBe(expected);
    stderr.end();
    expect(await text(stderr)).toContain('Sure? [yes/no] ');
  });

  it('takes the end of input for a no', async () => {
    const { stdin } = terminal();
    const asked = askOnTerminal()?.('Sure?');
    stdin.end();
    expect(await asked).toBe(false);
  });
});
