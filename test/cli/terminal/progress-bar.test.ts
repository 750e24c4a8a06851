import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { paceOf, progressBar } from '../../../src/cli/terminal/progress-bar.js';

/** What is written to a stream that is or is not a terminal. */
async function drawn(isTTY: boolean, draw: (bar: ReturnType<typeof progressBar>) => void): Promise<string> {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 80 });
  draw(progressBar('checking', stream));
  stream.end();
  return text(stream);
}

describe('progressBar', () => {
  it('counts on a terminal', async () => {
    const output = await drawn(true, (bar) => {
      bar.update(0, 2);
      bar.update(2, 2);
      bar.stop();
    });
    expect(output).toContain('checking [');
    expect(output).toContain('0/2');
  });

  it('writes nothing where no terminal is', async () => {
    const output = await drawn(false, (bar) => {
      bar.update(1, 2);
      bar.stop();
    });
    expect(output).toBe('');
  });

  it('writes nothing if it is stopped before anything was done', async () => {
    expect(await drawn(true, (bar) => bar.stop())).toBe('');
  });
});

describe('paceOf', () => {
  it.each([
    [0, 10, 5, ''],
    [3, 10, 0.5, ''],
    [50, 100, 2, ' 25/s, 2 s left'],
    [3, 1000, 6, ' 0.5/s, 33 min 14 s left'],
    [1, 8000, 1, ' 1.0/s, 2 h 13 min left'],
  ])('%i of %i after %i s', (done, total, seconds, text) => {
    expect(paceOf(done, total, seconds)).toBe(text);
  });
});
