import { describe, expect, it } from 'vitest';
import { retryStorage } from '../../src/concurrency/retry-storage.js';
import { ModhavenError, type ErrorCode } from '../../src/errors.js';

const retryMs = [1, 1];

/** Work that gives each of `results` once, or throws the errors among them. */
function work(...results: unknown[]) {
  const asked = { times: 0 };
  const once = (): Promise<unknown> => {
    const result = results[asked.times];
    asked.times += 1;
    return result instanceof Error ? Promise.reject(result) : Promise.resolve(result);
  };
  return { asked, once };
}
const error = (code: ErrorCode) => new ModhavenError(code, code);

describe('retryStorage', () => {
  it('gives what came the first time', async () => {
    const { asked, once } = work('found');
    expect(await retryStorage(once, { retryMs })).toBe('found');
    expect(asked.times).toBe(1);
  });

  it('asks again what threw STORAGE, and throws what is thrown the last time', async () => {
    const { asked, once } = work(error('STORAGE'), error('STORAGE'), 'found');
    expect(await retryStorage(once, { retryMs })).toBe('found');
    expect(asked.times).toBe(3);
    const failing = work(error('STORAGE'), error('STORAGE'), error('STORAGE'), 'too late');
    await expect(retryStorage(failing.once, { retryMs })).rejects.toMatchObject({ code: 'STORAGE' });
    expect(failing.asked.times).toBe(3);
  });

  it('asks nothing again that failed otherwise', async () => {
    const { asked, once } = work(error('MODULE_INVALID'), 'found');
    await expect(retryStorage(once, { retryMs })).rejects.toMatchObject({ code: 'MODULE_INVALID' });
    expect(asked.times).toBe(1);
  });

  it('takes what is not final only where it comes the last time', async () => {
    const isFinal = (result: unknown) => result !== 'damaged';
    expect(await retryStorage(work('damaged', 'copied').once, { retryMs, isFinal })).toBe('copied');
    const { asked, once } = work('damaged', 'damaged', 'damaged');
    expect(await retryStorage(once, { retryMs, isFinal })).toBe('damaged');
    expect(asked.times).toBe(3);
  });
});
