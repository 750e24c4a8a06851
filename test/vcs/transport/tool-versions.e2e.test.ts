import { expect, it, vi } from 'vitest';
import { toolVersions } from '../../../src/vcs/transport/tool-versions.js';
import { missing } from '../../support/requirements.js';

it.skipIf(missing('git'))('names the version of git', async () => {
  expect((await toolVersions()).git).toMatch(/^\d+\.\d+/);
});

it('says that a program is not there', async () => {
  vi.stubEnv('PATH', '/nowhere');
  expect(await toolVersions()).toEqual({
    git: 'cannot be started (ENOENT)',
    ssh: 'cannot be started (ENOENT)',
  });
  vi.unstubAllEnvs();
});
