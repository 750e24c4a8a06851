import { describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import { explainGitFailure } from '../../../src/vcs/failures/git-errors.js';
import { isUnknownHostKey } from '../../../src/vcs/failures/ssh-failures.js';
import { GitFailure } from '../../../src/vcs/transport/git-exec.js';

function explain(stderr: string, url = 'ssh://git@git.corp.test:29418/x.git') {
  const repo = parseRepoUrl(url, '/');
  const context = { repo, hostKey: 'git.corp.test', credential: undefined, timeoutMs: 1 };
  return explainGitFailure(new GitFailure('fetch', 128, stderr), context);
}

const offer = (what: string, names: string) => `no matching ${what} found. Their offer: ${names}`;

describe('what ssh says', () => {
  it.each<[stderr: string, reason: string, remedy: string]>([
    // the best known method of the offer, whatever its order, and names that are not methods left out
    [
      offer('key exchange method', 'diffie-hellman-group1-sha1,diffie-hellman-group14-sha1,ext-info-s'),
      '(diffie-hellman-group1-sha1, diffie-hellman-group14-sha1)',
      'KexAlgorithms: +diffie-hellman-group14-sha1, HostKeyAlgorithms: +ssh-rsa',
    ],
    [offer('key exchange method', 'odd-kex'), '(odd-kex)', 'KexAlgorithms: +odd-kex,'],
    [offer('host key type', 'ssh-dss,ssh-rsa'), '(ssh-dss, ssh-rsa)', 'HostKeyAlgorithms: +ssh-rsa'],
    [offer('cipher', 'a,b,c'), '(a, b, ...)', 'Ciphers: +a'],
    [offer('cipher', 'aes128-cbc,aes256-cbc'), '(aes128-cbc, aes256-cbc)', 'Ciphers: +aes256-cbc'],
    [offer('MAC', 'hmac-md5,hmac-sha1'), '(hmac-md5, hmac-sha1)', 'MACs: +hmac-sha1'],
    ["Permissions 0644 for '/k/id' are too open.", 'other users can read it', 'chmod 600 /k/id'],
    [
      'Load key "/k/id": invalid format',
      'ssh cannot use the private key of the server',
      'without passphrase into /k/id',
    ],
    ['Host key verification failed.', 'is unknown', 'modhaven trust-host git.corp.test:29418;'],
  ])('%s', (stderr, reason, remedy) => {
    const error = explain(stderr);
    expect(error.code).toBe('HOST_REFUSED');
    expect(error.reason).toContain(reason);
    expect(error.remedy).toContain(remedy);
  });

  it('takes no bad revision or object of git for an option of ssh', () => {
    for (const what of ['revision', 'object']) {
      expect(explain(`fatal: bad ${what} 'main'`).reason).not.toContain('ssh');
    }
  });

  it('says which file holds a key that has changed, unless it is the usual one', () => {
    const changed = (file: string) =>
      [
        '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @',
        'The fingerprint for the ED25519 key sent by the remote host is',
        'SHA256:abc+/DEF.',
        `Offending ECDSA key in ${file}:3`,
        'Host key verification failed.',
      ].join('\n');
    expect(explain(changed('/etc/hosts-of-git'))).toMatchObject({
      reason: expect.stringContaining('(now ED25519 SHA256:abc+/DEF)') as string,
      remedy: expect.stringContaining(
        'ssh-keygen -R "[git.corp.test]:29418" -f /etc/hosts-of-git,',
      ) as string,
    });
    const usual = explain(changed('/root/.ssh/known_hosts'), 'ssh://git@git.corp.test/x.git');
    expect(usual.remedy).toContain('ssh-keygen -R "git.corp.test",');
  });
});

it.each([
  ['Host key verification failed.', true],
  ['No ED25519 host key is known for x and you have requested strict checking.', true],
  ['REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.', false],
  ['Permission denied (publickey).', false],
])('%j is an unknown host key: %s', (stderr, expected) => {
  expect(isUnknownHostKey(new GitFailure('fetch', 128, stderr))).toBe(expected);
});
