import { expect, it } from 'vitest';
import { parseRefName } from '../../../src/vcs/names/ref-name.js';
import { missing } from '../../support/requirements.js';
import { run } from '../../support/run.js';

it.skipIf(missing('git'))('refuses what git refuses, and nothing else', async () => {
  const pieces = [
    'a',
    '-',
    '.',
    '..',
    '/',
    '@',
    '{',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\\',
    ' ',
    '\x01',
    '.lock',
  ];
  const names = pieces.flatMap((one) => pieces.map((two) => `refs/heads/x${one}${two}`));
  const verdicts = await Promise.all(
    names.map(async (name) => (await run('git', ['check-ref-format', name])).code === 0),
  );
  expect(names.filter((name, i) => (parseRefName(name) !== undefined) !== verdicts[i])).toEqual([]);
});
