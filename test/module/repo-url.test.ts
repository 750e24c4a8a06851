import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { parseRepoUrl, repoKey } from '../../src/module/repo-url.js';
import type { RepoUrl } from '../../src/module/repo-url.js';

const BASE = '/etc/modhaven';

interface Row {
  text: string;
  /** Fields that are not as in an address without user, port and oddities. */
  expected: Partial<RepoUrl>;
}

describe('parseRepoUrl', () => {
  it.each<Row>([
    {
      text: 'http://10.10.30.30/go/foo.git',
      expected: {
        url: 'http://10.10.30.30/go/foo.git',
        scheme: 'http',
        host: '10.10.30.30',
        path: '/go/foo.git',
      },
    },
    {
      text: 'HTTPS://GitLab.MyCompany.com:8443/Go/Foo.git/',
      expected: {
        url: 'https://gitlab.mycompany.com:8443/Go/Foo.git',
        scheme: 'https',
        host: 'gitlab.mycompany.com',
        port: 8443,
        path: '/Go/Foo.git',
      },
    },
    {
      text: 'ssh://tonybai@10.10.30.30:29418/go/common',
      expected: {
        url: 'ssh://tonybai@10.10.30.30:29418/go/common',
        scheme: 'ssh',
        host: '10.10.30.30',
        port: 29418,
        path: '/go/common',
        user: 'tonybai',
      },
    },
    {
      text: 'ssh://git@h:/go/foo.git',
      expected: { url: 'ssh://git@h/go/foo.git', scheme: 'ssh', host: 'h', path: '/go/foo.git', user: 'git' },
    },
    {
      text: 'git+ssh://git@h/go/foo.git',
      expected: { url: 'ssh://git@h/go/foo.git', scheme: 'ssh', host: 'h', path: '/go/foo.git', user: 'git' },
    },
    {
      text: 'ssh+git://h/go/foo.git',
      expected: { url: 'ssh://h/go/foo.git', scheme: 'ssh', host: 'h', path: '/go/foo.git' },
    },
    {
      text: 'git://h:9418/foo.git',
      expected: { url: 'git://h:9418/foo.git', scheme: 'git', host: 'h', port: 9418, path: '/foo.git' },
    },
    {
      text: 'ssh://git@[FE80::1]:2222/foo.git',
      expected: {
        url: 'ssh://git@[fe80::1]:2222/foo.git',
        scheme: 'ssh',
        host: '[fe80::1]',
        port: 2222,
        path: '/foo.git',
        user: 'git',
      },
    },
    {
      text: 'http://[::1]/foo.git',
      expected: { url: 'http://[::1]/foo.git', scheme: 'http', host: '[::1]', path: '/foo.git' },
    },
  ])('reads the URL $text', ({ text, expected }) => {
    const { url } = expected;
    expect(parseRepoUrl(text, BASE)).toEqual({ ...PLAIN, gitUrl: url, ...expected });
  });

  it.each<Row>([
    {
      text: 'git@10.10.30.30:go/foo.git',
      expected: {
        url: 'ssh://git@10.10.30.30/go/foo.git',
        host: '10.10.30.30',
        path: '/go/foo.git',
        user: 'git',
      },
    },
    {
      text: 'git@GitLab.MyCompany.com:team/lib.git',
      expected: {
        url: 'ssh://git@gitlab.mycompany.com/team/lib.git',
        host: 'gitlab.mycompany.com',
        path: '/team/lib.git',
        user: 'git',
      },
    },
    { text: 'h:foo.git', expected: { url: 'ssh://h/~/foo.git', host: 'h', path: '/foo.git' } },
    { text: 'h:/srv/foo.git', expected: { url: 'ssh://h/srv/foo.git', host: 'h', path: '/srv/foo.git' } },
    {
      text: 'build@h:src/lib.git',
      expected: { url: 'ssh://build@h/~/src/lib.git', host: 'h', path: '/src/lib.git', user: 'build' },
    },
    {
      text: 'build@h:/srv/git/lib.git',
      expected: { url: 'ssh://build@h/srv/git/lib.git', host: 'h', path: '/srv/git/lib.git', user: 'build' },
    },
    {
      text: 'build@h:~alice/lib.git',
      expected: { url: 'ssh://build@h/~alice/lib.git', host: 'h', path: '/~alice/lib.git', user: 'build' },
    },
    {
      text: 'git@[::1]:foo.git',
      expected: { url: 'ssh://git@[::1]/foo.git', host: '[::1]', path: '/foo.git', user: 'git' },
    },
  ])('reads the scp form $text and leaves it to git as it is', ({ text, expected }) => {
    expect(parseRepoUrl(text, BASE)).toEqual({ ...PLAIN, scheme: 'ssh', gitUrl: text, ...expected });
  });

  it.each([
    { text: './x.git', path: '/etc/modhaven/x.git' },
    { text: '../demo/x.bundle', path: '/etc/demo/x.bundle', bundle: true },
    { text: '/srv/git/x.git', path: '/srv/git/x.git' },
    { text: '/srv/c#/x.git/', path: '/srv/c#/x.git', url: 'file:///srv/c%23/x.git' },
    { text: '.', path: '/etc/modhaven' },
    { text: 'file:///srv/git/x.git', path: '/srv/git/x.git' },
    { text: 'file:///srv/my%20git/x.git', path: '/srv/my git/x.git', url: 'file:///srv/my%20git/x.git' },
    { text: 'FILE://localhost/srv/x.bundle', path: '/srv/x.bundle', bundle: true },
  ])('reads the local path $text', ({ text, path, url = `file://${path}`, bundle = false }) => {
    expect(parseRepoUrl(text, BASE)).toEqual({
      ...PLAIN,
      url,
      gitUrl: path,
      scheme: 'file',
      host: '',
      path,
      local: true,
      bundle,
    });
  });

  it.each([
    {
      text: 'ssh://git@10.10.30.30:go/foo.git',
      gitUrl: 'git@10.10.30.30:go/foo.git',
      url: 'ssh://git@10.10.30.30/go/foo.git',
      warning: ['"git@10.10.30.30:go/foo.git"', '"ssh://git@10.10.30.30/go/foo.git"', 'invalid port'],
    },
    {
      text: 'ssh://h:foo.git',
      gitUrl: 'h:foo.git',
      url: 'ssh://h/~/foo.git',
      warning: ['"h:foo.git"', '"ssh://h/~/foo.git"'],
    },
    {
      text: 'ssh://git@h:2222:go/foo.git',
      gitUrl: 'ssh://git@h:2222/go/foo.git',
      url: 'ssh://git@h:2222/go/foo.git',
      warning: ['"ssh://git@h:2222/go/foo.git"'],
    },
    {
      text: 'git@h:2222/go/foo.git',
      gitUrl: 'git@h:2222/go/foo.git',
      url: 'ssh://git@h/2222/go/foo.git',
      warning: ['the 2222 is a folder', '"ssh://git@h:2222/go/foo.git"'],
    },
  ])('reads $text as $gitUrl and says what to write', ({ text, gitUrl, url, warning }) => {
    const repo = parseRepoUrl(text, BASE);
    expect(repo).toMatchObject({ gitUrl, url, scheme: 'ssh' });
    for (const part of warning) expect(repo.warning).toContain(part);
  });

  it.each([
    { text: 'https://me:s3cr%40t@h/x.git', credentials: { username: 'me', password: 's3cr@t' }, warns: true },
    { text: 'https://t0ken@h/x.git', credentials: { username: 't0ken', password: '' }, warns: false },
    { text: 'https://:t0ken@h/x.git', credentials: { username: '', password: 't0ken' }, warns: true },
    {
      text: 'https://me@corp:s3c@h/x.git',
      credentials: { username: 'me@corp', password: 's3c' },
      warns: true,
    },
  ])('keeps what stands before the @ of $text apart', ({ text, credentials, warns }) => {
    const repo = parseRepoUrl(text, BASE);
    expect(repo).toMatchObject({
      url: 'https://h/x.git',
      gitUrl: 'https://h/x.git',
      user: undefined,
      credentials,
    });
    expect(repo.warning).toEqual(warns ? expect.stringContaining('vcs.hosts') : undefined);
  });

  it('drops a password in an ssh address, which ssh would not use', () => {
    const repo = parseRepoUrl('ssh://git:s3cret@h/x.git', BASE);
    expect(repo).toMatchObject({ gitUrl: 'ssh://git@h/x.git', user: 'git', credentials: undefined });
    expect(JSON.stringify(repo)).not.toContain('s3cret');
    expect(repo.warning).toContain('password');
  });

  it.each([
    { name: 'nothing', text: '', reason: 'it is empty' },
    { name: 'an unknown scheme', text: 'gopher://h/x', reason: 'the scheme "gopher" is unknown' },
    {
      name: 'a transport that runs a command',
      text: 'ext::sh',
      reason: 'git transport helpers such as "ext"',
    },
    {
      name: 'a transport that runs a command, with a URL',
      text: 'ext::ssh://h/x',
      reason: 'transport helpers',
    },
    {
      name: 'a transport that runs a command, with arguments',
      text: 'ext::sh -c x',
      reason: 'git transport helpers such as "ext"',
    },
    { name: 'a space', text: 'http://h/x y', reason: 'it holds a space or a control character' },
    { name: 'a newline', text: 'http://h/x\n', reason: 'it holds a space or a control character' },
    { name: 'a bidirectional control', text: 'http://h/\u202Ex', reason: 'control character' },
    { name: 'an encoded newline', text: 'ssh://h/x%0Ay', reason: 'it holds an encoded control character' },
    { name: 'a broken escape', text: 'http://h/%zz', reason: 'a % in it is not followed by two' },
    {
      name: 'a host like an option',
      text: 'ssh://-oProxyCommand=x/y',
      reason: 'its host begins with a dash',
    },
    {
      name: 'a user like an option',
      text: 'ssh://-oProxyCommand=x@h/y',
      reason: 'its user name begins with a dash',
    },
    {
      name: 'an encoded dash before the user',
      text: 'ssh://%2Dx@h/y',
      reason: 'its user name begins with a dash',
    },
    { name: 'an scp host like an option', text: '-oProxyCommand=x:y', reason: 'it begins with a dash' },
    {
      name: 'an scp host like an option behind a user',
      text: 'git@-x:y',
      reason: 'its host begins with a dash',
    },
    { name: 'an scp path like an option', text: 'git@h:-x', reason: 'its path begins with a dash' },
    { name: 'a glued path like an option', text: 'ssh://git@h:-x', reason: 'its path begins with a dash' },
    { name: 'an option', text: '--upload-pack=x', reason: 'it begins with a dash' },
    { name: 'no path', text: 'http://h', reason: 'it names a host but no repository' },
    { name: 'only a slash', text: 'http://h/', reason: 'it names a host but no repository' },
    { name: 'a port and no path', text: 'ssh://git@h:22', reason: 'it names a host but no repository' },
    { name: 'no scp path', text: 'git@h:', reason: 'it names a host but no repository' },
    { name: 'no host', text: 'http:///x', reason: 'it names no host' },
    { name: 'nothing before the @', text: 'ssh://@h/x', reason: 'nothing stands before the @' },
    { name: 'a query', text: 'http://h/x?y=1', reason: 'a repository has no query' },
    { name: 'a fragment', text: 'http://h/x#y', reason: 'a repository has no query (?) and no fragment' },
    { name: 'a port that is a word', text: 'http://h:abc/x', reason: '"abc" is not a port' },
    { name: 'port 0', text: 'http://h:0/x', reason: '"0" is not a port' },
    { name: 'a port too high', text: 'ssh://git@h:65536/x', reason: '"65536" is not a port' },
    {
      name: 'a host with a bad character',
      text: 'http://h$x/y',
      reason: '"h$x" is not a host name or address',
    },
    { name: 'a bad IPv6 address', text: 'http://[::g]/y', reason: '"[::g]" is not a host name or address' },
    {
      name: 'a forgotten scheme',
      text: 'gitlab.mycompany.com/go/foo.git',
      reason: 'it is neither a URL nor a path',
    },
    { name: 'forgotten slashes', text: 'https:h/x.git', reason: 'two slashes are missing after "https:"' },
    { name: 'a file on another host', text: 'file://h/x.git', reason: 'a file URL has three slashes' },
  ])('refuses $name', ({ text, reason }) => {
    const error = errorOf(() => parseRepoUrl(text, BASE));
    expect(error).toMatchObject({ code: 'CONFIG', reason: expect.stringContaining(reason) as string });
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(error.remedy).toMatch(/\S/);
  });

  it.each([
    'https://me:s3cret@h:99999/x',
    'https://s3cret@h:99999/x',
    'https://me:s3cret/with/slash@h/x?',
    'ssh://me:s3cret@h:99999/x',
  ])('hides the secret of %s in its error', (text) => {
    const error = errorOf(() => parseRepoUrl(text, BASE));
    expect(`${error.message} ${error.reason ?? ''} ${error.remedy ?? ''}`).not.toContain('s3cret');
  });
});

const PLAIN = {
  port: undefined,
  user: undefined,
  credentials: undefined,
  local: false,
  bundle: false,
  warning: undefined,
};

function errorOf(run: () => unknown): ModhavenError {
  try {
    run();
  } catch (error) {
    if (error instanceof ModhavenError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('spaces', () => {
  it.each([
    ['/srv/my git/x.git', '/srv/my git/x.git'],
    ['/srv/my%20git/x.git', '/srv/my git/x.git'],
    ['/srv/100%/x.git', '/srv/100%/x.git'],
    ['/srv/a%2520b/x.git', '/srv/a%20b/x.git'],
    ['./my git/x.git', '/base/my git/x.git'],
  ])('%s is the path %s', (text, path) => {
    expect(parseRepoUrl(text, '/base').path).toBe(path);
  });

  it.each([
    ['https://dev.azure.com/org/My Team/_git/x', 'write a space as %20'],
    ['git@h:my team/x.git', 'write "ssh://git@h/my%20team/x.git"'],
    ['ci@h:my team/x.git', 'write "ssh://ci@h/~/my%20team/x.git"'],
    [' /srv/x.git', 'remove it'],
  ])('of %j says: %s', (text, remedy) => {
    expect(() => parseRepoUrl(text, '/')).toThrow(expect.objectContaining({ remedy }));
  });

  it('stand as %20 in the address that git gets', () => {
    expect(parseRepoUrl('https://dev.azure.com/org/My%20Team/_git/x', '/').gitUrl).toBe(
      'https://dev.azure.com/org/My%20Team/_git/x',
    );
  });
});

describe('repoKey', () => {
  it('tells addresses and logins apart', () => {
    const texts = ['http://h/x', 'http://a@h/x', 'http://a:1@h/x', 'http://a:2@h/x', 'http://h/y'];
    const keys = texts.map((text) => repoKey(parseRepoUrl(text, '/')));
    expect(new Set(keys).size).toBe(texts.length);
  });
});
