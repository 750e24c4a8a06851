import { expect, it } from 'vitest';
import { createGitLimiter } from '../../../src/vcs/transport/git-limiter.js';
import { settingsOf } from '../lab.js';

it('bounds by vcs.concurrency, as it is now, and says that the git host is busy', async () => {
  let concurrency = 1;
  const limiter = createGitLimiter(() => settingsOf({}, { concurrency }));
  let end: () => void = () => undefined;
  const first = limiter.run('h:1', 60_000, () => new Promise<void>((resolve) => (end = resolve)));
  await expect(limiter.run('h:1', 10, () => Promise.resolve())).rejects.toMatchObject({
    code: 'OVERLOADED',
    message: 'the git host cannot be asked now',
    remedy: 'try again in a moment',
  });
  concurrency = 3;
  expect(await limiter.run('h:1', 60_000, () => Promise.resolve('served'))).toBe('served');
  end();
  await first;
});
