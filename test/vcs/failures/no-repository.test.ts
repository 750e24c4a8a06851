import { expect, it } from 'vitest';
import { NO_REPOSITORY } from '../../../src/vcs/failures/no-repository.js';

it.each([
  "fatal: unable to access 'http://h/x.git/': The requested URL returned error: 404",
  "fatal: 'x.git' does not appear to be a git repository",
  "remote: The project you were looking for could not be found or you don't have permission to view it.",
  'ERROR: Repository not found.',
  'fatal: Project x/y not found or access denied',
  'FATAL: R any x jo DENIED by fallthru',
  'remote: TF401019: The Git repository with name or identifier x does not exist',
])('knows that there is no such repository: %s', (words) => {
  expect(NO_REPOSITORY.test(words)).toBe(true);
});

it.each([
  "fatal: unable to access 'http://h/x.git/': The requested URL returned error: 403",
  'fatal: unable to access: Could not resolve host: h',
  "fatal: couldn't find remote ref refs/tags/v1.0.0",
  'Permission denied (publickey).',
])('takes this for something else: %s', (words) => {
  expect(NO_REPOSITORY.test(words)).toBe(false);
});
