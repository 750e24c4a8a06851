import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  createAccountConfig,
  NO_CONFIG,
  parseAccountConfig,
  rewriteAddress,
} from '../../../src/vcs/transport/account-config.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

describe('createAccountConfig', () => {
  it('reads files and variables, as git does', async () => {
    const home = await tempDir('home');
    const file = path.join(home, '.gitconfig');
    await writeFile(
      file,
      '[core]\n\tsshCommand = ssh -F ~/x\n[url "ssh://git@h/"]\n\tinsteadOf = https://h/\n\tinsteadOf = http://h/\n',
    );
    const read = createAccountConfig({
      ...sealedEnv(),
      HOME: home,
      GIT_CONFIG_GLOBAL: file,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'ssh.variant',
      GIT_CONFIG_VALUE_0: 'simple',
    });
    expect(await read(path.join(home, 'made'))).toEqual({
      sshCommand: 'ssh -F ~/x',
      sshVariant: 'simple',
      hasHttpSettings: true,
      rewrites: [
        { insteadOf: 'https://h/', base: 'ssh://git@h/' },
        { insteadOf: 'http://h/', base: 'ssh://git@h/' },
      ],
    });
  });

  it('is empty for an account without any', async () => {
    const home = await tempDir('home');
    const read = createAccountConfig({ ...sealedEnv(), HOME: home });
    expect(await read(home)).toEqual(NO_CONFIG);
  });
});

describe('parseAccountConfig', () => {
  it('takes the last value, and text with line breaks in it', () => {
    const output = 'core.sshcommand\na\0core.sshcommand\nb\nc\0http.proxy\nx\0';
    expect(parseAccountConfig(output)).toMatchObject({
      sshCommand: 'b\nc',
      hasHttpSettings: true,
      rewrites: [],
    });
    expect(parseAccountConfig('core.sshcommand\nssh\0').hasHttpSettings).toBe(false);
  });
});

describe('rewriteAddress', () => {
  const config = {
    ...NO_CONFIG,
    rewrites: [
      { insteadOf: 'https://h/', base: 'ssh://all/' },
      { insteadOf: 'https://h/team/', base: 'ssh://team/' },
      { insteadOf: 'https://h/', base: 'ssh://second/' },
    ],
  };
  it.each([
    ['https://h/x.git', 'ssh://all/x.git'],
    ['https://h/team/x.git', 'ssh://team/x.git'],
    ['https://other/x.git', 'https://other/x.git'],
  ])('takes the longest match for %s', (address, expected) => {
    expect(rewriteAddress(address, config)).toBe(expected);
  });
});
