import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { createAccountConfig } from '../../../src/vcs/transport/account-config.js';
import { createAccountSettings } from '../../../src/vcs/smart-http/account-settings.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

/** Whether an account with this `~/.gitconfig` and these variables has settings of its own. */
async function hasSettings(gitconfig: string, env: NodeJS.ProcessEnv = {}): Promise<boolean> {
  const home = await tempDir('home');
  const file = path.join(home, '.gitconfig');
  await writeFile(file, gitconfig);
  const account = { ...sealedEnv(), HOME: home, GIT_CONFIG_GLOBAL: file, ...env };
  const settings = createAccountSettings(account, createAccountConfig(account));
  return settings(parseRepoUrl('https://git.corp.test/x.git', '/'), path.join(home, 'made/if/need/be'));
}

it.each([
  ['[http]\n\tproxy = http://web:3128\n'],
  ['[http "https://git.corp.test"]\n\tsslVerify = false\n'],
  ['[url "ssh://git@git.corp.test/"]\n\tinsteadOf = https://git.corp.test/\n'],
  ['[protocol]\n\tversion = 1\n'],
  ['[transfer]\n\tfsckObjects = true\n'],
  ['[broken\n'],
])('leaves it to git where the account says %j', async (gitconfig) => {
  expect(await hasSettings(gitconfig)).toBe(true);
});

it.each(['', '[user]\n\tname = A\n', '[transfer]\n\tunpackLimit = 1\n', '[core]\n\thttp = 1\n'])(
  'needs no git where it says %j',
  async (gitconfig) => {
    expect(await hasSettings(gitconfig)).toBe(false);
  },
);

it.each([
  [{ GIT_SSL_NO_VERIFY: '1' }, true],
  [{ SSL_CERT_FILE: '/ca.pem' }, true],
  [{ https_proxy: 'http://web:3128' }, true],
  [{ https_proxy: 'http://web:3128', no_proxy: 'git.corp.test' }, false],
  [{ SSL_CERT_FILE: '' }, false],
  [{ GIT_HTTP_USER_AGENT: 'x' }, true],
  [{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'http.sslVerify', GIT_CONFIG_VALUE_0: 'false' }, true],
])('looks at variables: %j', async (env, expected) => {
  expect(await hasSettings('', env)).toBe(expected);
});
