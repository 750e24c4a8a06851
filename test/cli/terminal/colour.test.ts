import { describe, expect, it } from 'vitest';
import { coloured, hasColours } from '../../../src/cli/terminal/colour.js';

describe('hasColours', () => {
  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{ isTTY: false }, {}, false],
    [{}, {}, false],
  ])('%j with %j: %s', (stream, env, has) => {
    expect(hasColours(stream, env)).toBe(has);
  });
});

it('marks what is wrong, and changes nothing else', () => {
  const report =
    'FAILED a@v1: it is down\n  to do: start it\n    warning: old\na  NO  b\n2 versions: 1 failed\n';
  const text = coloured(report);
  expect(text).toContain('\u001b[31mFAILED\u001b[0m a@v1');
  expect(text).toContain('  \u001b[1mto do:\u001b[0m start it');
  expect(text).toContain('    \u001b[33mwarning:\u001b[0m old');
  expect(text).toContain('a  \u001b[31mNO\u001b[0m  b');
  // eslint-disable-next-line no-control-regex -- they are looked for
  expect(text.replace(/\u001b\[\d+m/g, '')).toBe(report);
});
