import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { beforeAll, describe } from 'vitest';
import { DiskWatch } from '../../src/fs/disk-watch.js';
import { createDiscovery } from '../../src/discovery/discovery.js';
import { CachedModules } from '../../src/modfetch/cached.js';
import { GitSource } from '../../src/modfetch/git-source.js';
import { ObservedSource } from '../../src/modfetch/sources/observed-source.js';
import { OfflineSource } from '../../src/modfetch/sources/offline.js';
import { RoomCheckedSource } from '../../src/modfetch/sources/room-checked-source.js';
import { createRepoRoots } from '../../src/modfetch/repo-root.js';
import { createDiskStore } from '../../src/store/disk/disk-store.js';
import { createGoproxyClient } from '../../src/upstream/goproxy-client.js';
import { UpstreamModules } from '../../src/upstream/upstream-modules.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { createCodeHost } from '../../src/vcs/code-host.js';
import { httpClient } from '../support/http-client.js';
import { listenOnLoopback } from '../support/loopback.js';
import { missing } from '../support/requirements.js';
import { tempDir } from '../support/tmp.js';
import { selfSignedCertificate } from '../support/hosts/tls-certificate.js';
import { fileHost, lab, settingsOf, type Lab } from '../vcs/lab.js';
import { MODULE, VERSIONS, moduleSourceContract, type OpenedSource } from './module-source.js';

const log = { warn: () => undefined };

function gitSource({ url, code }: Lab): GitSource {
  const map = parseVanity(`host: example.com\npaths:\n  /foo: ${url}\n`, '/srv/vanity.yaml', {
    defaultHost: '',
  });
  const candidates = (path: string) => map.candidates(path);
  const roots = createRepoRoots({ candidates, host: code, refreshMs: () => 0 });
  return new GitSource({ roots, host: code, refreshMs: () => 0 });
}

/** A tree with all versions, as GOPROXY=file:// reads it. */
async function storedTree(): Promise<{ dir: string; hash: string }> {
  const home = await lab();
  try {
    const dir = await tempDir('tree');
    const modules = new CachedModules(gitSource(home), createDiskStore(dir), { log });
    let hash = '';
    for (const version of VERSIONS) {
      const zip = await (await modules.zip(MODULE, version)).stored();
      if (version === 'v1.1.0') ({ hash } = zip);
    }
    return { dir, hash };
  } finally {
    await home.host.stop();
  }
}

async function openGit(): Promise<OpenedSource> {
  const home = await lab();
  return {
    source: gitSource(home),
    breakHome: () => home.host.stop(),
    close: () => home.host.stop(),
  };
}

/** The same as a server wraps it. */
async function openWrapped(): Promise<OpenedSource> {
  const opened = await openGit();
  const disk = new DiskWatch('/nonexistent');
  const withRoom = new RoomCheckedSource(opened.source, { assert: () => Promise.resolve() }, disk);
  return { ...opened, source: new ObservedSource('git', withRoom) };
}

async function openDiscovery(): Promise<OpenedSource> {
  const certificate = await selfSignedCertificate(['127.0.0.1']);
  const home = await lab({ http: { tls: certificate } });
  const name = `127.0.0.1:${home.host.port}`;
  const named = new Set(['example.com', name]);
  const page = `<head><meta name="go-import" content="${MODULE} git https://${name}/go/foo.git"></head>`;
  const web = await listenOnLoopback(
    createServer((request, response) => {
      const isThere = request.url === `/${MODULE}?go-get=1`;
      response.writeHead(isThere ? 200 : 404).end(isThere ? page : '');
    }),
  );
  const source = new GitSource({
    roots: createDiscovery({
      hosts: () => named,
      timeoutMs: () => 10_000,
      refreshMs: () => 0,
      get: (url, { signal }) => {
        const target = new URL(`http://127.0.0.1:${web.port}/${url.host}${url.pathname}${url.search}`);
        return httpClient().get(target, { signal, idleTimeoutMs: 10_000, login: undefined });
      },
    }),
    host: createCodeHost({
      dir: home.vcsDir,
      settings: () => settingsOf({ [name]: { caFile: certificate.certFile } }, { followRedirects: false }),
    }),
    refreshMs: () => 0,
  });
  return {
    source,
    breakHome: () => home.host.stop(),
    close: async () => {
      await Promise.all([home.host.stop(), web.stop()]);
    },
  };
}

async function openUpstream(dir: string): Promise<OpenedSource> {
  const host = await fileHost(dir);
  const proxy = {
    url: `http://127.0.0.1:${host.port}`,
    credentials: undefined,
    fallbackOn: 'not-found' as const,
  };
  const source = new UpstreamModules({
    client: createGoproxyClient({ http: httpClient(), proxies: () => [proxy], timeoutMs: () => 10_000 }),
    tempDir: await tempDir('incoming'),
  });
  return { source, breakHome: () => host.stop(), close: () => host.stop() };
}

describe.skipIf(missing('git', 'openssl'))('module sources', () => {
  let tree: { dir: string; hash: string };
  const hash = () => tree.hash;
  beforeAll(async () => {
    tree = await storedTree();
    const folder = join(tree.dir, MODULE, '@v');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'list'), VERSIONS.map((version) => `${version}\n`).join(''));
    const newest = await createDiskStore(tree.dir).read({ module: MODULE, version: 'v1.2.0', kind: 'info' });
    await writeFile(join(tree.dir, MODULE, '@latest'), newest ?? '');
  });

  moduleSourceContract({ name: 'git', open: openGit, hash });
  moduleSourceContract({ name: 'git, as a server wraps it', open: openWrapped, hash });
  moduleSourceContract({ name: 'discovery', open: openDiscovery, hash });
  moduleSourceContract({ name: 'upstream', open: () => openUpstream(tree.dir), hash });
  moduleSourceContract({
    name: 'offline',
    hash,
    async open() {
      const store = createDiskStore(tree.dir);
      const home = await lab();
      const isDamaged = () => Promise.resolve(false);
      const source = new OfflineSource({ store, unknown: gitSource(home), isDamaged });
      return { source, store, close: () => home.host.stop() };
    },
  });
});
