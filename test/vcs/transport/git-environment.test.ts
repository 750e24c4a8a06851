import { describe, expect, it } from 'vitest';
import {
  ARCHIVE_OPTIONS,
  localEnvironment,
  NETWORK_OPTIONS,
  networkEnvironment,
  options,
  PIECEMEAL_OPTIONS,
} from '../../../src/vcs/transport/git-environment.js';

const ACCOUNT = {
  ...{ PATH: '/bin', HOME: '/home/mh', https_proxy: 'http://web:3128', SSH_AUTH_SOCK: '/run/agent' },
  ...{ GIT_SSL_CAINFO: '/ca', GIT_CONFIG_GLOBAL: '/home/mh/other', GIT_DIR: '/elsewhere', LC_ALL: 'de_DE' },
  ...{ GIT_ASKPASS: '/bin/ask', GIT_SSH_COMMAND: 'odd', GIT_TRACE: '1', AWS_SECRET_ACCESS_KEY: 's3cret' },
};

describe('localEnvironment', () => {
  it('holds nothing of the account but where programs are', () => {
    expect(localEnvironment('/m', ACCOUNT)).toEqual({
      ...{
        PATH: '/bin',
        LC_ALL: 'C',
        GIT_DIR: '/m',
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_NOSYSTEM: '1',
      },
      ...{ GIT_ATTR_NOSYSTEM: '1', GIT_LITERAL_PATHSPECS: '1', GIT_NO_LAZY_FETCH: '1' },
      ...{ GIT_ALLOW_PROTOCOL: 'none', GIT_TERMINAL_PROMPT: '0' },
    });
  });
});

describe('networkEnvironment', () => {
  const child = {
    workDir: '/cache/vcs/abc',
    gitDir: '/m',
    protocols: 'http:https',
    sshCommand: 'ssh -x',
    unset: [],
  };

  it('passes on how the account reaches hosts, and nothing else of it', () => {
    expect(networkEnvironment(child, ACCOUNT)).toEqual({
      ...{ PATH: '/bin', HOME: '/home/mh', https_proxy: 'http://web:3128', SSH_AUTH_SOCK: '/run/agent' },
      ...{ GIT_SSL_CAINFO: '/ca', GIT_CONFIG_GLOBAL: '/home/mh/other', GIT_DIR: '/m', LC_ALL: 'C' },
      ...{ GIT_ALLOW_PROTOCOL: 'http:https', GIT_SSH_COMMAND: 'ssh -x', GIT_TERMINAL_PROMPT: '0' },
      ...{ GIT_ASKPASS: '', GIT_CEILING_DIRECTORIES: '/cache/vcs' },
    });
  });

  it('leaves out what an entry overrules, and the repository where there is none', () => {
    const env = networkEnvironment({ ...child, gitDir: undefined, unset: ['GIT_SSL_CAINFO'] }, ACCOUNT);
    expect(env).not.toHaveProperty('GIT_SSL_CAINFO');
    expect(env).not.toHaveProperty('GIT_DIR');
  });
});

describe('options', () => {
  it('are written as git takes them, in their order', () => {
    expect(options({ 'a.b': '1', c: 'x y' })).toEqual(['-c', 'a.b=1', '-c', 'c=x y']);
    expect(options({})).toEqual([]);
  });

  it('run no hook, start no housekeeping, and hold no large file whole', () => {
    for (const setting of ['core.hooksPath=/dev/null', 'gc.auto=0', 'maintenance.auto=false']) {
      expect(NETWORK_OPTIONS).toContain(setting);
    }
    expect(NETWORK_OPTIONS).toEqual(expect.arrayContaining([...PIECEMEAL_OPTIONS]));
  });

  it('make the same archive on every machine', () => {
    expect(ARCHIVE_OPTIONS).toEqual(expect.arrayContaining(['core.autocrlf=input', 'core.eol=lf']));
  });
});
