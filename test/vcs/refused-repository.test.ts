import { expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { isRefusedRepository } from '../../src/vcs/refused-repository.js';
import { GitFailure } from '../../src/vcs/transport/git-exec.js';

function refused(stderr: string): ModhavenError {
  return new ModhavenError('HOST_REFUSED', 'cannot read x', { cause: new GitFailure('fetch', 128, stderr) });
}

it.each([
  ['The requested URL returned error: 403', true],
  ['The requested URL returned error: 401', true],
  ["fatal: Authentication failed for 'http://h/x/'", true],
  ['fatal: redirect to a page: http://h/users/sign_in', true],
  ['server certificate verification failed', false],
  ['Host key verification failed.', false],
])('%s: %s', (stderr, expected) => {
  expect(isRefusedRepository(refused(stderr))).toBe(expected);
});

it('is not an outage, and no failure of our own', () => {
  expect(isRefusedRepository(new ModhavenError('HOST_UNREACHABLE', 'x'))).toBe(false);
  expect(isRefusedRepository(new ModhavenError('HOST_REFUSED', 'x'))).toBe(false);
});
