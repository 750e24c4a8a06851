import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { committerTime } from '../../src/vcs/commit-object.js';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const commit = (committer: string): Buffer =>
  Buffer.from(`tree ${'0'.repeat(40)}\nauthor a <a@b> 1 +0000\n${committer}\n\ncommitter x <y> 7 +0000\n`);

/** What stands behind the address, and the seconds that git reads there; undefined for none. */
const LINES: readonly { name: string; line: string; seconds: number | undefined }[] = [
  { name: 'an ordinary time', line: 'a <a@b> 1700000000 +0100', seconds: 1_700_000_000 },
  { name: 'the beginning of time', line: 'a <a@b> 0 +0000', seconds: 0 },
  { name: 'more than 32 bits', line: 'a <a@b> 4294967297 +0000', seconds: 4_294_967_297 },
  { name: 'the year 10000', line: 'a <a@b> 253402300801 -0330', seconds: 253_402_300_801 },
  { name: 'leading zeros', line: 'a <a@b> 0000000012 +0000', seconds: 12 },
  { name: 'several spaces', line: 'a <a@b>   34   +0000', seconds: 34 },
  { name: 'no space before it', line: 'a <a@b>56 +0000', seconds: 56 },
  { name: 'angle brackets in the name', line: 'a <x> 9 +0000 <a@b> 78 +0000', seconds: 78 },
  { name: 'a time before 1970', line: 'a <a@b> -100 +0000', seconds: undefined },
  { name: 'a fraction', line: 'a <a@b> 1.5 +0000', seconds: undefined },
  { name: 'an exponent', line: 'a <a@b> 1e3 +0000', seconds: undefined },
  { name: 'no zone', line: 'a <a@b> 1700000000', seconds: undefined },
  { name: 'a zone in letters', line: 'a <a@b> 1700000000 UTC', seconds: undefined },
  { name: 'no time', line: 'a <a@b>', seconds: undefined },
  { name: 'very many leading zeros', line: `a <a@b> ${'0'.repeat(100)}12 +0000`, seconds: 12 },
  { name: 'an angle bracket behind it', line: 'a <a@b> 12 +0000 >', seconds: undefined },
  { name: 'more than 64 bits', line: 'a <a@b> 18446744073709551615 +0000', seconds: undefined },
];

describe('committerTime', () => {
  it.each(LINES)('reads $name', ({ line, seconds }) => {
    const time = committerTime(commit(`committer ${line}`));
    expect(time).toEqual(seconds === undefined ? undefined : new Date(seconds * 1000));
  });

  it('reads the header and not the message', () => {
    expect(committerTime(commit('encoding x'))).toBeUndefined();
  });

  it('gives an invalid Date for a time that Date does not hold', () => {
    expect(committerTime(commit('committer a <a@b> 9223372036854775807 +0000'))?.getTime()).toBeNaN();
  });

  it('reads millions of digits, and of brackets, in no time', () => {
    const start = process.cpuUsage();
    expect(committerTime(commit(`committer a <a@b> ${'9'.repeat(4_000_000)} +0000`))).toBeUndefined();
    expect(committerTime(commit(`committer ${'> '.repeat(4_000_000)}`))).toBeUndefined();
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(500);
  });

  it.skipIf(missing('git'))('agrees with git', async () => {
    const dir = path.join(await tempDir('times'), 'x.git');
    await mkdir(dir);
    const git = async (args: string[], input?: string): Promise<string> =>
      (await mustRun('git', ['--git-dir', dir, ...args], { input: input ?? '' })).trim();
    await git(['init', '-q', '--bare']);
    const tree = await git(['mktree']);
    for (const { name, line } of LINES) {
      const text = `tree ${tree}\nauthor a <a@b> 1 +0000\ncommitter ${line}\n\nx\n`;
      const hash = await git(['hash-object', '-t', 'commit', '-w', '--literally', '--stdin'], text);
      const shown = await git(['log', '-n1', '--format=%ct', hash]);
      const valid = /^\d+$/.test(shown) && BigInt(shown) < 2n ** 63n;
      const expected = valid ? new Date(Number(shown) * 1000) : undefined;
      expect(committerTime(Buffer.from(text)), name).toEqual(expected);
    }
  });
});
