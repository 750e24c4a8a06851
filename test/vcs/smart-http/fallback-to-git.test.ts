import { expect, it } from 'vitest';
import { isModhavenError } from '../../../src/errors.js';
import { FallbackToGit } from '../../../src/vcs/smart-http/fallback-to-git.js';

it.each([
  [undefined, false],
  [{}, false],
  [{ always: true }, true],
])('says why, and with %j whether it will be so again: %s', (options, always) => {
  const error = new FallbackToGit('status 302', options);
  expect(error).toMatchObject({ name: 'FallbackToGit', message: 'status 302', always });
  expect(isModhavenError(error)).toBe(false);
});
