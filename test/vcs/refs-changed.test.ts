import { expect, it } from 'vitest';
import { isNotExist } from '../../src/errors.js';
import { RefsChanged } from '../../src/vcs/refs-changed.js';

it('is an outage that names the repository and what to do, never a fact', () => {
  const cause = new Error('git said');
  const error = new RefsChanged('https://git.corp.test/x.git', cause);
  expect(error).toMatchObject({
    name: 'RefsChanged',
    code: 'HOST_UNREACHABLE',
    cause,
    message: 'cannot read https://git.corp.test/x.git',
    remedy: expect.stringContaining('git fsck') as string,
  });
  expect(isNotExist(error)).toBe(false);
});
