/**
 * A git host that is a real Gerrit 3.9: the daemon itself on loopback, with its ssh and http servers, its database and
 * its refs (`refs/changes/*`, `refs/meta/config`).
 *
 * Its jars come through Maven (`gerrit/pom.xml`, 84 MiB), and setting up a site takes Gerrit longer than starting on
 * one, so both are kept in the cache of tests. `legacy` offers only the SHA-1 key exchange of old releases
 * (`gerrit/LegacyGerrit.java`). Gerrit's own host keys are modern either way.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDaemon, type Daemon } from '../process/daemon.js';
import { freePort } from '../loopback.js';
import { mustRun } from '../run.js';
import { cachedDir } from '../test-cache.js';
import { tempDir } from '../tmp.js';

export interface GerritOptions {
  /** Only the key exchange methods that current ssh clients refuse. */
  legacy?: boolean;
}

export interface GerritHost extends Daemon {
  readonly sshPort: number;
  readonly httpPort: number;
  readonly user: 'admin';
  /** Of `user`, for http below `/a/`. */
  readonly password: string;
  /** The private key of `user`, without a passphrase. */
  readonly identityFile: string;
  /** Holds the keys of this host and no other. */
  readonly knownHostsFile: string;
  /** `ssh://admin@127.0.0.1:PORT/PROJECT`. */
  sshUrl(project: string): string;
  /** `http://127.0.0.1:PORT/PROJECT`, or `…/a/PROJECT`, which wants a login. */
  httpUrl(project: string, options?: { authenticated?: boolean }): string;
  /** An empty project that everybody may read; its HEAD is `main`. */
  createProject(name: string): Promise<void>;
  /** Pushes refspecs one after the other, as Gerrit wants it: a branch has to be there before a tag on it. */
  push(repoDir: string, project: string, refs: readonly string[]): Promise<void>;
  /** Lets another public key (one line) log in as `user`. */
  addKey(publicKey: string): Promise<void>;
}

const FILES = fileURLToPath(new URL('gerrit/', import.meta.url));
const POM = path.join(FILES, 'pom.xml');
const LAUNCHER = path.join(FILES, 'LegacyGerrit.java');

/** With the simple compiler and collector it starts in a third of the time; the rest is for its log. */
const JVM = [
  ...['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true'],
  '-Dflogger.backend_factory=com.google.common.flogger.backend.log4j.Log4jBackendFactory#getInstance',
  '-Dflogger.logging_context=com.google.gerrit.server.logging.LoggingContext#getInstance',
];

/** Without it an annotated tag can only be pushed by the person who made it. */
const TAGS_OF_OTHERS = {
  add: {
    'refs/tags/*': {
      permissions: { forgeCommitter: { rules: { 'global:Registered-Users': { action: 'ALLOW' } } } },
    },
  },
};

/** What `init --dev` gives the account `admin`. */
const PASSWORD = 'secret';

/** Starts Gerrit on free ports. Needs a JDK (java, javac) and mvn; the first time on a machine, Maven's repository, too. */
export async function gerritHost(options: GerritOptions = {}): Promise<GerritHost> {
  const cache = await gerritFiles();
  const dir = await tempDir('gerrit');
  const site = path.join(dir, 'site');
  const [sshPort, httpPort] = [await freePort(), await freePort()];
  await cp(path.join(cache, 'site'), site, { recursive: true });
  await setConfig(site, [
    ['sshd.listenAddress', `127.0.0.1:${sshPort}`],
    ['httpd.listenUrl', `http://127.0.0.1:${httpPort}/`],
    ['gerrit.canonicalWebUrl', `http://127.0.0.1:${httpPort}/`],
    ...(options.legacy === true
      ? ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'].map(
          (name) => ['sshd.kex', name] as const,
        )
      : []),
  ]);
  const program =
    options.legacy === true
      ? ['--add-opens', 'java.base/java.util=ALL-UNNAMED', ...classPath(cache), LAUNCHER]
      : [...classPath(cache), 'com.google.gerrit.launcher.GerritLauncher'];
  const daemon = await startDaemon('java', [...JVM, ...program, 'daemon', '-d', site, '--console-log'], {
    env: { HOME: dir },
    isReady: (log) => /Gerrit Code Review .* ready/.test(log),
    startMs: 120_000,
  });

  const base = `http://127.0.0.1:${httpPort}`;
  const api = async (method: string, resource: string, type: string, body: string): Promise<void> => {
    const headers = {
      authorization: `Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}`,
      'content-type': type,
    };
    const answer = await fetch(`${base}/a/${resource}`, { method, headers, body });
    if (!answer.ok) throw new Error(`Gerrit: ${method} ${resource}: ${answer.status} ${await answer.text()}`);
  };
  const addKey = async (publicKey: string): Promise<void> =>
    api('POST', 'accounts/self/sshkeys', 'text/plain', publicKey);
  const identityFile = path.join(dir, 'id');
  const knownHostsFile = path.join(dir, 'known_hosts');
  try {
    await mustRun('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'modhaven test', '-f', identityFile]);
    await addKey(await readFile(`${identityFile}.pub`, 'utf8'));
    await api('POST', 'projects/All-Projects/access', 'application/json', JSON.stringify(TAGS_OF_OTHERS));
    await writeFile(knownHostsFile, await knownHosts(site, sshPort));
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return {
    ...daemon,
    sshPort,
    httpPort,
    user: 'admin',
    password: PASSWORD,
    identityFile,
    knownHostsFile,
    sshUrl: (project) => `ssh://admin@127.0.0.1:${sshPort}/${project}`,
    httpUrl: (project, { authenticated = false } = {}) => `${base}/${authenticated ? 'a/' : ''}${project}`,
    createProject: async (name) =>
      api('PUT', `projects/${encodeURIComponent(name)}`, 'application/json', '{"branches":["main"]}'),
    push: async (repoDir, project, refs) => {
      const url = `http://admin:${PASSWORD}@127.0.0.1:${httpPort}/a/${project}`;
      for (const ref of refs) await mustRun('git', ['-C', repoDir, 'push', '--quiet', url, ref]);
    },
    addKey,
  };
}

/** `lib/*.jar` and `site/`, an initialised site without projects. */
async function gerritFiles(): Promise<string> {
  const pom = readFileSync(POM, 'utf8');
  const version = /<gerrit>(.*?)<\/gerrit>/.exec(pom)?.[1] ?? '';
  const recipe = createHash('sha256').update(pom).update(INIT_CONFIG.join()).digest('hex').slice(0, 8);
  return cachedDir(`gerrit-${version}-${recipe}`, async (dir) => {
    const lib = path.join(dir, 'lib');
    // A repository of its own, so that the developer's does not grow; the settings in ~/.m2 (a mirror) still count.
    const repository = path.join(dir, 'maven');
    await mustRun(
      'mvn',
      [
        ...['--quiet', '--batch-mode', '--file', POM, `-Dmaven.repo.local=${repository}`],
        ...['dependency:copy-dependencies', `-DoutputDirectory=${lib}`],
      ],
      { env: { HOME: process.env.HOME }, timeoutMs: 600_000 },
    );
    await rm(repository, { recursive: true });
    const site = path.join(dir, 'site');
    await mkdir(path.join(site, 'etc'), { recursive: true });
    await setConfig(site, INIT_CONFIG);
    await mustRun(
      'java',
      [
        ...[...JVM, ...classPath(dir), 'com.google.gerrit.launcher.GerritLauncher', 'init', '-d', site],
        ...['--batch', '--dev', '--no-auto-start', '--skip-plugins'],
      ],
      { env: { HOME: dir }, timeoutMs: 300_000 },
    );
    // A copy of all jars, for a service script that is not used.
    await rm(path.join(site, 'bin'), { recursive: true });
  });
}

const INIT_CONFIG: readonly (readonly [string, string])[] = [
  ['gerrit.basePath', 'git'],
  ['auth.type', 'DEVELOPMENT_BECOME_ANY_ACCOUNT'],
  ['index.type', 'lucene'],
];

async function setConfig(site: string, settings: readonly (readonly [string, string])[]): Promise<void> {
  const file = path.join(site, 'etc', 'gerrit.config');
  const first = new Set<string>();
  for (const [key, value] of settings) {
    const how = first.has(key) ? '--add' : '--replace-all';
    first.add(key);
    await mustRun('git', ['config', '--file', file, how, key, value]);
  }
}

function classPath(dir: string): string[] {
  return ['-cp', path.join(dir, 'lib', '*')];
}

async function knownHosts(site: string, port: number): Promise<string> {
  const etc = path.join(site, 'etc');
  const keys = (await readdir(etc)).filter((name) => /^ssh_host_.*key\.pub$/.test(name));
  const lines = await Promise.all(keys.map(async (name) => readFile(path.join(etc, name), 'utf8')));
  return lines.map((line) => `[127.0.0.1]:${port} ${line.trimEnd()}\n`).join('');
}
