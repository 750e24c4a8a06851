import { describe, expect, it } from 'vitest';
import {
  ARCHIVE_OPTIONS,
  localEnvironment,
  NETWORK_OPTIONS,
  networkEnvironment,
  PIECEMEAL_OPTIONS,
} from '../../../src/vcs/transport/git-environment.js';

const ACCOUNT = {
  PATH: '/bin',
  HOME: '/home/mh',
  https_proxy: 'http://web:3128',
  SSH_AUTH_SOCK: '/run/agent',
  GIT_SSL_CAINFO: '/ca',
  GIT_CONFIG_GLOBAL: '/home/mh/other',
  GIT_DIR: '/elsewhere',
  LC_ALL: 'de_DE',
  GIT_ASKPASS: '/bin/ask',
  GIT_SSH_COMMAND: 'odd',
  GIT_TRACE: '1',
  AWS_SECRET_ACCESS_KEY: 's3cret',
};

describe('localEnvironment', () => {
  it('holds nothing of the account but where programs are', () => {
    expect(localEnvironment('/m', ACCOUNT)).toEqual({
      PATH: '/bin',
      LC_ALL: 'C',
      GIT_DIR: '/m',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_ATTR_NOSYSTEM: '1',
      GIT_LITERAL_PATHSPECS: '1',
      GIT_NO_LAZY_FETCH: '1',
      GIT_ALLOW_PROTOCOL: 'none',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOC_LIMIT: '640m',
    });
  });
});

describe('networkEnvironment', () => {
  const child = {
    workDir: '/cache/vcs/abc',
    gitDir: '/m',
    protocols: 'http:https',
    sshCommand: 'ssh -x',
    askPass: true,
    unset: [],
  };

  it('passes on the environment of the account, but what changes what git does here', () => {
    expect(networkEnvironment(child, ACCOUNT)).toEqual({
      PATH: '/bin',
      HOME: '/home/mh',
      https_proxy: 'http://web:3128',
      SSH_AUTH_SOCK: '/run/agent',
      GIT_SSL_CAINFO: '/ca',
      GIT_CONFIG_GLOBAL: '/home/mh/other',
      GIT_DIR: '/m',
      LC_ALL: 'C',
      GIT_ALLOW_PROTOCOL: 'http:https',
      GIT_SSH_COMMAND: 'ssh -x',
      GIT_TERMINAL_PROMPT: '0',
      GIT_ALLOC_LIMIT: '640m',
      GIT_ASKPASS: '/bin/ask',
      AWS_SECRET_ACCESS_KEY: 's3cret',
      GIT_CEILING_DIRECTORIES: '/cache/vcs',
      GCM_INTERACTIVE: 'never',
    });
  });

  it.each([
    ...['GIT_WORK_TREE', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_NAMESPACE'],
    ...['GIT_TRACE_CURL', 'GIT_TRACE2_EVENT', 'GIT_CURL_VERBOSE', 'GIT_CONFIG', 'GIT_PROTOCOL', 'GIT_TEST_X'],
    ...['DISPLAY', 'WAYLAND_DISPLAY', 'SSH_ASKPASS_REQUIRE', 'VSCODE_GIT_IPC_HANDLE', 'LANGUAGE'],
    ...['MODHAVEN_WEBHOOK_SECRET', 'NOTIFY_SOCKET', 'LISTEN_FDS'],
  ])('withholds %s', (name) => {
    expect(networkEnvironment({ ...child, gitDir: undefined }, { [name]: 'x' })).not.toHaveProperty(name);
  });

  it.each([
    ...['GIT_CONFIG_COUNT', 'GIT_CONFIG_KEY_0', 'GIT_CONFIG_VALUE_0', 'GIT_SSH', 'GIT_SSH_VARIANT'],
    ...['GIT_SSL_NO_VERIFY', 'GIT_SSL_CERT', 'GIT_PROXY_COMMAND', 'GIT_HTTP_USER_AGENT', 'SSH_ASKPASS'],
    ...['AWS_PROFILE', 'DBUS_SESSION_BUS_ADDRESS', 'GNUPGHOME', 'XDG_RUNTIME_DIR', 'LD_LIBRARY_PATH'],
  ])('passes on %s', (name) => {
    expect(networkEnvironment(child, { [name]: 'x' })).toHaveProperty(name, 'x');
  });

  it('leaves out what an entry overrules, and the repository where there is none', () => {
    const env = networkEnvironment({ ...child, gitDir: undefined, unset: ['GIT_SSL_CAINFO'] }, ACCOUNT);
    expect(env).not.toHaveProperty('GIT_SSL_CAINFO');
    expect(env).not.toHaveProperty('GIT_DIR');
  });

  it('asks no program of the account for a password beside a login of ours', () => {
    expect(networkEnvironment({ ...child, askPass: false }, ACCOUNT).GIT_ASKPASS).toBe('');
  });

  it("leaves ssh and the transports to the account's git where it was told nothing", () => {
    const own = { ...child, protocols: undefined, sshCommand: undefined };
    const env = networkEnvironment(own, { GIT_ALLOW_PROTOCOL: 'ssh', GIT_SSH_COMMAND: 'odd' });
    expect(env.GIT_ALLOW_PROTOCOL).toBe('ssh');
    expect(env).not.toHaveProperty('GIT_SSH_COMMAND');
  });
});

describe('options', () => {
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
