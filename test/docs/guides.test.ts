/**
 * The guides in `docs/` as an admin would follow them: every YAML block is a valid file, every command is run, in the
 * order of the page, with the files of the page, against real hosts that stand in for the names in the text; and every
 * error text that a table quotes is one that modhaven says.
 */
import { appendFile, chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';
import { parseRepoUrl } from '../../src/module/repo-url.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { explainGitFailure } from '../../src/vcs/failures/git-errors.js';
import { GitFailure } from '../../src/vcs/transport/git-exec.js';
import { gerritHost, type GerritHost } from '../support/hosts/gerrit-host.js';
import { gitHttpHost, type GitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { guideBlocks, readGuide, type GuideBlock } from '../support/guide.js';
import type { Stoppable } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { run } from '../support/run.js';
import { CLI } from '../support/server.js';
import { sshdHost, type SshdHost } from '../support/hosts/sshd-host.js';
import { tempDir } from '../support/tmp.js';
import { selfSignedCertificate } from '../support/hosts/tls-certificate.js';

const GUIDES = ['git-hosts.md', 'gerrit-to-gitlab.md', 'wireguard.md', 'checksum-database.md'];
const TOKEN = 'token-of-the-guide';

describe.each(GUIDES)('docs/%s', (guide) => {
  const yaml = guideBlocks(guide).filter(({ language }) => language === 'yaml');

  it.each(yaml.map((block) => [`${block.file ?? 'no name'} under "${block.heading}"`, block] as const))(
    'has a valid %s',
    (_, { file, text }) => {
      if (file === 'modhaven.yaml') {
        expect(parseConfig(text, '/etc/modhaven/modhaven.yaml', {}).warnings).toEqual([]);
      } else {
        expect(file).toMatch(/vanity\.yaml$/);
        const map = parseVanity(text, '/etc/modhaven/vanity.yaml', { defaultHost: '' });
        expect(map.warnings).toEqual([]);
        expect(map.rules.length).toBeGreaterThan(0);
      }
    },
  );

  it('quotes nothing that modhaven does not say', () => {
    const said = saidByModhaven().join('\n');
    const cells = [...readGuide(guide).matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell);
    const quotes = cells
      .filter((cell) => cell !== '`check` says')
      .flatMap((cell) => cell.match(/`[^`]+`/g) ?? []);
    for (const quote of quotes) expect(said).toContain(quote.slice(1, -1));
  });

  it('names no command that is not there', async () => {
    const { stdout: help } = await run(process.execPath, [CLI, '--help']);
    const commands = readGuide(guide).matchAll(/\bmodhaven (?:--\S+ )*([a-z][\w-]*) --/g);
    for (const [, name = ''] of commands) expect(help).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
  });
});

/** What the git layer says of each thing that git can say. */
function saidByModhaven(): string[] {
  const http = parseRepoUrl('https://git.mycompany.com/go/foo.git', '/');
  const ssh = parseRepoUrl('ssh://git@git.mycompany.com:29418/go/foo', '/');
  const local = parseRepoUrl('/srv/git/foo.git', '/');
  const status = (code: number): string =>
    `fatal: unable to access 'U': The requested URL returned error: ${code}`;
  const failures: [typeof http, string][] = [
    [http, "fatal: could not read Username for 'U': terminal prompts disabled"],
    [http, "fatal: Authentication failed for 'U'"],
    [http, "fatal: repository 'U' not found"],
    [http, 'fatal: U/info/refs not valid: is this a git repository?'],
    [http, 'server certificate verification failed. CAfile: none CRLfile: none'],
    [http, "certificate subject name (x) does not match target host name 'y'"],
    [http, 'gnutls_handshake() failed: An unexpected TLS packet was received.'],
    [http, 'Failed to connect to git.mycompany.com port 443 after 0 ms: Connection refused'],
    [http, 'Could not resolve host: git.mycompany.com'],
    ...[403, 429].map((code): [typeof http, string] => [http, status(code)]),
    [ssh, 'no matching key exchange method found. Their offer: diffie-hellman-group1-sha1'],
    [ssh, 'no matching host key type found. Their offer: ssh-rsa'],
    [ssh, 'Host key verification failed.'],
    [ssh, 'git@git.mycompany.com: Permission denied (publickey).'],
    [ssh, 'fatal: project go/foo not found'],
    [ssh, 'kex_exchange_identification: Connection closed by remote host'],
    [
      ssh,
      'Permissions 0644 for \'id\' are too open.\nUNPROTECTED PRIVATE KEY FILE!\nLoad key "id": bad permissions',
    ],
    [ssh, 'Warning: Identity file id not accessible: No such file or directory.'],
    [ssh, 'ssh: connect to host git.mycompany.com port 29418: Connection timed out'],
    [ssh, 'ssh: connect to host git.mycompany.com port 29418: No route to host'],
    [local, "fatal: '/srv/git/foo.git' does not appear to be a git repository"],
    [local, "fatal: detected dubious ownership in repository at '/srv/git/foo.git'"],
  ];
  const timeout = new GitFailure('ls-remote', undefined, '', true);
  return [
    explainGitFailure(timeout, { repo: http, hostKey: 'H', credential: undefined, timeoutMs: 1000 }),
    ...failures.map(([where, stderr]) =>
      explainGitFailure(new GitFailure('ls-remote', 128, stderr), {
        repo: where,
        hostKey: where.host,
        credential: undefined,
        timeoutMs: 1000,
      }),
    ),
  ].map(({ reason }) => reason ?? '');
}

describe.skipIf(missing('git', 'ssh', 'sshd', 'openssl', 'java', 'javac', 'mvn'))(
  'the commands of the guides',
  () => {
    let root: string;
    let gerrit: GerritHost;
    let sshd: SshdHost;
    let forge: GitHttpHost;
    let tlsForge: GitHttpHost;
    let gitlab: GitHttpHost;
    let caFile: string;
    const started: Stoppable[] = [];

    beforeAll(async () => {
      root = await tempDir('guide-hosts');
      for (const name of ['foo', 'common']) {
        const r = await repo(path.join(root, `go/${name}.git`));
        await r.write({ 'go.mod': `module mycompany.com/go/${name}\n` }).commit('first');
        for (const tag of ['v1.0.0', 'v1.1.0']) await r.tag(tag);
      }
      // GitLab gets its copy in the guide.
      const copies = await tempDir('guide-copies');
      const copy = await repo(path.join(copies, 'go/common.git'));
      await copy.git('config', 'http.receivepack', 'true');
      const certificate = await selfSignedCertificate(['127.0.0.1']);
      caFile = certificate.certFile;
      const auth = { password: TOKEN };
      started.push((gerrit = await gerritHost()));
      started.push((sshd = await sshdHost(root)));
      started.push((forge = await gitHttpHost(root, { auth })));
      started.push((tlsForge = await gitHttpHost(root, { auth, tls: certificate })));
      started.push((gitlab = await gitHttpHost(copies, { auth })));
      await gerrit.createProject('go/common');
      await gerrit.push(path.join(root, 'go/common.git'), 'go/common', ['main', 'v1.0.0', 'v1.1.0']);
    }, 900_000);

    afterAll(async () => {
      for (const host of started.reverse()) await host.stop();
    });

    /** From what stands in a guide to the hosts of this test; the first that matches wins. */
    function standIns(guide: string): [string | RegExp, string][] {
      const lab = guide === 'git-hosts.md' ? forge : gitlab;
      return [
        [/modhaven@gerrit\.mycompany\.com:29418/g, `admin@127.0.0.1:${gerrit.sshPort}`],
        [/gerrit\.mycompany\.com:29418/g, `127.0.0.1:${gerrit.sshPort}`],
        [/-p 29418 gerrit\.mycompany\.com/g, `-p ${gerrit.sshPort} 127.0.0.1`],
        [/https:\/\/gitlab\.mycompany\.com/g, lab.url],
        [/gitlab\.mycompany\.com:/g, `127.0.0.1:${lab.port}:`],
        [/https:\/\/git\.mycompany\.com:3000/g, tlsForge.url],
        [/git\.mycompany\.com:3000/g, `127.0.0.1:${tlsForge.port}`],
        [/https:\/\/github\.com\/mycompany/g, `${forge.url}/go`],
        [/github\.com:/g, `127.0.0.1:${forge.port}:`],
        [/git@scm\.mycompany\.com:2222/g, `${sshd.user}@127.0.0.1:${sshd.port}`],
        [/scm\.mycompany\.com:2222/g, `127.0.0.1:${sshd.port}`],
        [/-p 2222 scm\.mycompany\.com/g, `-p ${sshd.port} 127.0.0.1`],
        [/scm\.mycompany\.com:8080/g, `127.0.0.1:${forge.port}`],
        [/machine scm\.mycompany\.com/g, 'machine 127.0.0.1'],
        [/THE-PASSWORD/g, TOKEN],
        [/\/srv\/git\//g, `${root}/`],
      ];
    }

    /** One admin's machine: the folder with both files, a home, and `modhaven` in the PATH. */
    async function adminMachine(): Promise<{ dir: string; home: string; bin: string }> {
      const home = await tempDir('admin');
      const [dir, bin] = [path.join(home, 'etc'), path.join(home, 'bin')];
      await mkdir(dir);
      await mkdir(bin);
      await writeFile(path.join(bin, 'modhaven'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
      await chmod(path.join(bin, 'modhaven'), 0o755);
      await copyFile(caFile, path.join(dir, 'corp-ca.pem'));
      return { dir, home, bin };
    }

    /** Follows blocks from top to bottom; what commands printed, in their order. */
    async function follow(
      guide: string,
      blocks: GuideBlock[],
      prepare?: (dir: string) => Promise<void>,
    ): Promise<string[]> {
      const { dir, home, bin } = await adminMachine();
      await prepare?.(dir);
      const env = { HOME: home, PATH: `${bin}:${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
      // The admin's own git, in place of a login typed in and of keys in ~/.ssh.
      const pushUrl = `url.${gitlab.url.replace('//', `//admin:${TOKEN}@`)}.pushInsteadOf`;
      const ownGit = {
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: pushUrl,
        GIT_CONFIG_VALUE_0: gitlab.url,
        GIT_SSH_COMMAND: `ssh -i ${gerrit.identityFile} -o UserKnownHostsFile=${gerrit.knownHostsFile}`,
      };
      const printed: string[] = [];
      for (const { language, file, text } of blocks) {
        const here = standIns(guide).reduce((all, [from, to]) => all.replaceAll(from, to), text);
        expect(here).not.toMatch(/\b(?:gitlab|gerrit|git|scm)\.mycompany\.com|github\.com/);
        if (file !== undefined) await writeFile(path.join(dir, file), here);
        if (language === 'netrc') await writeFile(path.join(home, '.netrc'), here, { mode: 0o600 });
        if (language !== 'sh') continue;
        const own = here.includes('modhaven ') ? {} : ownGit;
        const result = await run('sh', ['-eu', '-c', here], {
          cwd: dir,
          env: { ...env, ...own },
          input: `${TOKEN}\n`,
        });
        expect({ text, ...result }).toMatchObject({ code: 0 });
        printed.push(result.stdout);
        if (here.includes('ssh-keygen -q')) await registerKey(path.join(dir, 'id_ed25519.pub'));
      }
      return printed;
    }

    /** What the guide says in words: the new public key is let in. */
    async function registerKey(file: string): Promise<void> {
      const key = await readFile(file, 'utf8');
      await gerrit.addKey(key);
      const authorized = path.join(path.dirname(sshd.identityFile), 'authorized_keys');
      const [options = ''] = /^.*" /.exec(await readFile(authorized, 'utf8')) ?? [];
      await appendFile(authorized, options + key);
    }

    const sections = [...new Set(guideBlocks('git-hosts.md').map(({ heading }) => heading))];
    it.each(sections)('of git-hosts.md, "%s", reach the host', async (section) => {
      const blocks = guideBlocks('git-hosts.md').filter(({ heading }) => heading === section);
      const printed = await follow('git-hosts.md', blocks);
      const checks = printed.filter((text) => text.includes(' repositories '));
      expect(checks.length).toBeGreaterThan(0);
      for (const text of checks) expect(text).toMatch(/^(\d+) of \1 repositories reached$/m);
    });

    it('of gerrit-to-gitlab.md move the module', async () => {
      const printed = await follow('gerrit-to-gitlab.md', guideBlocks('gerrit-to-gitlab.md'), async (dir) => {
        await copyFile(gerrit.identityFile, path.join(dir, 'id_ed25519'));
        await copyFile(gerrit.knownHostsFile, path.join(dir, 'known_hosts'));
        await chmod(path.join(dir, 'id_ed25519'), 0o600);
      });
      // Where the module came from at each of the three checks, and that it was the same each time.
      const found = printed.flatMap((text) => / (\S+) +yes +main +2\b/.exec(text)?.[1] ?? []);
      const next = `${gitlab.url}/go/common.git`;
      expect(found).toEqual([gerrit.sshUrl('go/common'), next, next]);
    });
  },
);
