import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_CONFIG } from '../../../src/vcs/transport/account-config.js';
import { plainWords, sshCommand } from '../../../src/vcs/transport/ssh-command.js';
import { sealedEnv } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';

const OURS = '-o BatchMode=yes -o ControlMaster=no -o ConnectTimeout=5';

function command(env: NodeJS.ProcessEnv, account = {}) {
  return sshCommand({}, 5_000, env, { ...NO_CONFIG, ...account });
}

describe('sshCommand', () => {
  it.each<[string, NodeJS.ProcessEnv, object, string | undefined]>([
    ['nothing', {}, {}, `ssh ${OURS}`],
    ['core.sshCommand', {}, { sshCommand: 'ssh -i /k' }, `ssh -i /k ${OURS}`],
    [
      'GIT_SSH_COMMAND over core.sshCommand',
      { GIT_SSH_COMMAND: 'ssh -4' },
      { sshCommand: 'x' },
      `ssh -4 ${OURS}`,
    ],
    [
      'core.sshCommand over GIT_SSH',
      { GIT_SSH: '/opt/ssh' },
      { sshCommand: 'ssh -i /k' },
      `ssh -i /k ${OURS}`,
    ],
    ['GIT_SSH', { GIT_SSH: '/my bin/ssh' }, {}, `'/my bin/ssh' ${OURS}`],
    ['plink', { GIT_SSH: '/opt/plink' }, {}, undefined],
    ['a command that is not OpenSSH by its name', { GIT_SSH_COMMAND: 'plink -x' }, {}, 'plink -x'],
    ['a variant', { GIT_SSH_COMMAND: 'mine', GIT_SSH_VARIANT: 'simple' }, {}, 'mine'],
    ['a configured variant', { GIT_SSH_COMMAND: 'mine' }, { sshVariant: 'ssh' }, `mine ${OURS}`],
  ])('is what git would take: %s', async (_, env, account, line) => {
    expect((await command(env, account)).line).toBe(line);
  });

  it('asks a program with another name whether it is OpenSSH', async () => {
    const dir = await tempDir('ssh');
    const wrapper = path.join(dir, 'wrapper');
    const simple = path.join(dir, 'simple');
    await writeFile(wrapper, '#!/bin/sh\nexec ssh "$@"\n');
    await writeFile(simple, '#!/bin/sh\n[ $# = 2 ] && exec ssh "$@"\n');
    for (const file of [wrapper, simple]) await chmod(file, 0o755);
    const env = { ...sealedEnv(), HOME: dir };
    expect(await command({ ...env, GIT_SSH_COMMAND: wrapper })).toMatchObject({
      line: `${wrapper} ${OURS}`,
      words: [wrapper, ...OURS.split(' ')],
    });
    expect(await command({ ...env, GIT_SSH_COMMAND: simple })).toEqual({ line: simple, words: undefined });
  });

  it('needs a shell only where the command does', async () => {
    expect((await command({ GIT_SSH_COMMAND: 'ssh -F $HOME/x' })).words).toBeUndefined();
    expect((await command({})).words).toEqual(['ssh', ...OURS.split(' ')]);
  });
});

describe('plainWords', () => {
  it.each<[string, string[] | undefined]>([
    ['ssh', ['ssh']],
    ["ssh  -F '/my keys/config' -v ", ['ssh', '-F', '/my keys/config', '-v']],
    ['ssh -o ProxyCommand="nc %h"', undefined],
    ['KEY=1 ssh', undefined],
    ["ssh 'open", undefined],
    ['', undefined],
  ])('%j', (text, words) => {
    expect(plainWords(text)).toEqual(words);
  });
});
