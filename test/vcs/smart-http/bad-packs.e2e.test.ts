/** Hosts that send something else than what was asked for, and connections that break. */
import { randomBytes } from 'node:crypto';
import http, { type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseRepoUrl } from '../../../src/module/repo-url.js';
import type { VcsSettings } from '../../../src/vcs/transport/access.js';
import { FLUSH, packet } from '../../../src/vcs/smart-http/pkt-line.js';
import { listenOnLoopback } from '../../support/loopback.js';
import { missing } from '../../support/requirements.js';
import { mustRun, run } from '../../support/run.js';
import { tempDir } from '../../support/tmp.js';
import { codeHost, commitsIn, inMirror, lab, text, type Lab } from '../lab.js';
import { askers, wordsOf } from './answers.js';
import { frontHost, type Asked, type FrontHost, type Onwards } from './front-host.js';

type Change = NonNullable<Onwards['change']>;

describe.skipIf(missing('git'))('a host that sends no good pack', () => {
  let l: Lab;
  let front: FrontHost;
  /** What becomes of packs, for as long as it is set. */
  let change: Change | undefined;
  let answerInstead: ((response: ServerResponse) => void) | undefined;
  /** Requests for packs. */
  let fetches: Asked[];
  beforeEach(async () => {
    l = await lab();
    change = undefined;
    answerInstead = undefined;
    fetches = [];
    front = await frontHost((asked, response) => {
      const isFetch = asked.body.includes('command=fetch');
      if (isFetch) fetches.push(asked);
      if (isFetch && answerInstead !== undefined) {
        answerInstead(response);
        return undefined;
      }
      return { port: l.host.port, ...(isFetch && change !== undefined && { change }) };
    });
  });
  afterEach(async () => {
    await front.stop();
    await l.host.stop();
  });

  const vcsDir = () => l.vcsDir;
  const open = async (need: 'files' | 'trees' = 'files') =>
    l.code.open(parseRepoUrl(`${front.url}/go/foo.git`, '/'), 60_000, need);

  /** With a new cache, and settings that may be edited afterwards. */
  const openWith = async (settings: Partial<VcsSettings>) => {
    const code = codeHost(path.join(await tempDir('cache'), 'vcs'), settings);
    return code.open(parseRepoUrl(`${front.url}/go/foo.git`, '/'), 60_000, 'files');
  };

  /** After all, the same question to a good host has the right answer, and the mirror is sound. */
  async function heals(): Promise<void> {
    change = undefined;
    answerInstead = undefined;
    const opened = await open();
    const { hash } = await opened.stat('v1.1.0');
    expect(hash).toBe(await l.repo.rev('v1.1.0'));
    expect(await text(opened.archive(hash, ''))).toContain('package n // 1\n');
    expect(await inMirror(vcsDir(), 'content.git', 'fsck', '--no-dangling')).toBe('');
  }

  /** A whole answer that carries `pack`. */
  const carrying = (pack: Buffer) =>
    Buffer.concat([
      Buffer.from(packet('packfile\n')),
      // In packets that are short enough.
      ...Array.from({ length: Math.ceil(pack.length / 1_000) }, (_, i) => {
        const part = pack.subarray(i * 1_000, (i + 1) * 1_000);
        const length = (part.length + 5).toString(16).padStart(4, '0');
        return Buffer.concat([Buffer.from(`${length}\x01`), part]);
      }),
      Buffer.from(FLUSH),
    ]);

  const cutAt =
    (part: number): Change =>
    (body) => ({
      body: body.subarray(0, Math.floor(body.length * part)),
      cut: true,
    });
  const endedAt =
    (part: number): Change =>
    (body) => ({ body: body.subarray(0, Math.floor(body.length * part)) });
  const CHANGES: { name: string; change: Change }[] = [
    { name: 'breaks the connection at once', change: cutAt(0) },
    { name: 'breaks the connection in the middle', change: cutAt(0.6) },
    { name: 'ends its answer in the middle', change: endedAt(0.6) },
    { name: 'leaves out the last packet', change: (body) => ({ body: body.subarray(0, -4) }) },
    {
      name: 'changes a byte of the pack',
      change: (body) => {
        const changed = Buffer.from(body);
        const at = body.indexOf('PACK') + 40;
        changed[at] = (changed[at] ?? 0) ^ 1;
        return { body: changed };
      },
    },
    { name: 'says what is wrong', change: () => ({ body: Buffer.from(packet('ERR out of memory\n')) }) },
    { name: 'says nothing', change: () => ({ body: Buffer.alloc(0) }) },
    { name: 'sends an empty pack of no format', change: () => ({ body: carrying(Buffer.alloc(0)) }) },
    {
      name: 'sends no pack but text',
      change: () => ({ body: carrying(Buffer.from('PACKAGE of something else')) }),
    },
  ];

  const SIZES = [
    { size: 'small', bytes: 10 },
    { size: 'large', bytes: 1024 * 1024 },
  ];
  const ALL = SIZES.flatMap((size) => CHANGES.map((bad) => ({ ...size, ...bad })));

  it.each(ALL)('$name, $size: an error, nothing kept of it, and all well afterwards', async (bad) => {
    await l.repo.write({ 'some.bin': randomBytes(bad.bytes) }).commit('with a file of that size');
    await l.repo.tag('v1.3.0');
    const opened = await open();
    change = bad.change;
    expect(await wordsOf(opened.stat('v1.3.0'))).toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(await inMirror(vcsDir(), 'content.git', 'for-each-ref')).toBe('');
    change = undefined;
    expect((await opened.stat('v1.3.0')).hash).toBe(await l.repo.rev('v1.3.0'));
    await heals();
  });

  it.each(CHANGES)('$name, once: git is asked, and all is well', async (bad) => {
    const opened = await open();
    change = (body) => {
      change = undefined;
      return bad.change(body);
    };
    expect((await opened.stat('v1.1.0')).hash).toBe(await l.repo.rev('v1.1.0'));
    expect(fetches.length).toBeGreaterThan(1);
    await heals();
  });

  /** A pack with the objects that `revisions` name, of the lab's repository. */
  async function packOf(...revisions: string[]): Promise<Buffer> {
    const hashes = await Promise.all(revisions.map((revision) => l.repo.rev(revision)));
    const args = ['--git-dir', l.repo.gitDir, 'pack-objects', '--stdout', '-q'];
    return (await run('git', args, { input: hashes.map((hash) => `${hash}\n`).join('') })).bytes;
  }

  it('sends another commit: it is not taken for the one asked for', async () => {
    const opened = await open();
    const pack = await packOf(
      'v1.0.0',
      'v1.0.0^{tree}',
      'v1.0.0:n.go',
      'v1.0.0:go.mod',
      'v1.0.0:sub',
      'v1.0.0:sub/x.go',
    );
    change = () => ({ body: carrying(pack) });
    await wordsOf(opened.stat('v1.1.0'));
    expect(await inMirror(vcsDir(), 'content.git', 'for-each-ref')).toBe('');
    await heals();
  });

  it.each([
    { name: 'its files', objects: ['v1.1.0', 'v1.1.0^{tree}', 'v1.1.0:sub'] },
    { name: 'everything in it', objects: ['v1.1.0'] },
  ])('sends the commit without $name: no archive is made of it', async ({ objects }) => {
    const opened = await open();
    const hash = await l.repo.rev('v1.1.0');
    const pack = await packOf(...objects);
    change = () => ({ body: carrying(pack) });
    await opened.stat('v1.1.0').catch(() => undefined);
    await expect(text(opened.archive(hash, ''))).rejects.toBeInstanceOf(Error);
    await heals();
  });

  it('sends no file where one is asked for: the file is asked for until it is there', async () => {
    // What comes behind a large file does not come with the commit.
    await l.repo.write({ 'a.bin': randomBytes(512 * 1024) }).commit('large');
    await l.repo.tag('v1.3.0');
    const opened = await open('trees');
    const { hash } = await opened.stat('v1.3.0');
    const pack = await packOf('v1.1.0:sub/x.go');
    change = () => ({ body: carrying(pack) });
    await expect(opened.readFile(hash, 'go.mod')).rejects.toBeInstanceOf(Error);
    change = undefined;
    expect(String(await opened.readFile(hash, 'go.mod'))).toBe('module example.com/foo\n');
  });

  it('falls silent in the middle of a pack: is given up at vcs.timeout, as git would', async () => {
    const settings = { timeoutMs: 60_000, connectTimeoutMs: 5_000 };
    const opened = await openWith(settings);
    settings.timeoutMs = 1_500;
    answerInstead = (response) => {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
      response.write(packet('packfile\n'));
    };
    expect(await wordsOf(opened.stat('v1.1.0'))).toMatchObject({
      code: 'HOST_TIMEOUT',
      reason: expect.stringContaining('within 2 s') as string,
    });
  });

  it('thinks for longer than vcs.connect_timeout before it sends a pack: is waited for', async () => {
    const settings = { connectTimeoutMs: 5_000 };
    const opened = await openWith(settings);
    settings.connectTimeoutMs = 1_000;
    const [hash, pack] = [await l.repo.rev('v1.0.0'), await packOf('v1.0.0', 'v1.0.0^{tree}')];
    answerInstead = (response) => {
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' });
        response.end(carrying(pack));
      }, 2_500);
    };
    expect((await opened.stat('v1.0.0')).hash).toBe(hash);
    expect(fetches).toHaveLength(1);
  });

  it('calls commits shallow that it was not asked for: they do no harm', async () => {
    const opened = await open();
    const hash = await l.repo.rev('v1.1.0');
    change = (body) => ({
      body: Buffer.concat([
        Buffer.from(packet('shallow-info\n') + packet(`shallow ${'a'.repeat(40)}\n`)),
        body.subarray(body.indexOf('shallow-info\n') + 'shallow-info\n'.length),
      ]),
    });
    expect((await opened.stat('v1.1.0')).hash).toBe(hash);
    change = undefined;
    await opened.stat('v1.0.0');
    expect((await commitsIn(vcsDir(), 'content.git')).sort()).toEqual(
      [hash, await l.repo.rev('v1.0.0')].sort(),
    );
  });

  it('is told only of commits that are here', async () => {
    const opened = await open();
    await opened.stat('v1.0.0');
    const gitDir = (await inMirror(vcsDir(), 'content.git', 'rev-parse', '--absolute-git-dir')).trim();
    // What a process leaves that is killed while it writes a ref.
    await mustRun('touch', [path.join(gitDir, 'refs/modhaven', `${'b'.repeat(40)}.lock`)]);
    fetches = [];
    await opened.stat('v1.1.0');
    expect(fetches.map(({ body }) => body.match(/have \S+?(?=0009done|00)/g))).toEqual([
      [`have ${await l.repo.rev('v1.0.0')}`],
    ]);
  });
});

describe.skipIf(missing('git'))('a kept connection', () => {
  let l: Lab;
  beforeEach(async () => {
    l = await lab();
  });
  afterEach(async () => l.host.stop());

  /** A host that counts connections; `before` is waited for before each request, and may break the connection. */
  async function counting(before: (socket: Socket) => Promise<unknown> = () => Promise.resolve()) {
    let connections = 0;
    const server = http.createServer((request, response) => {
      void before(request.socket).then(() => {
        const { method, url, headers } = request;
        const options = { host: '127.0.0.1', port: l.host.port, method, path: url, headers };
        const onward = http.request(options, (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        });
        request.pipe(onward);
      });
    });
    server.on('connection', () => (connections += 1));
    const host = await listenOnLoopback(server);
    return { ...host, url: `http://127.0.0.1:${host.port}`, connections: () => connections };
  }

  it('serves one question after the other, also those that are answered with no', async () => {
    await using host = await counting();
    const at = (name: string) => parseRepoUrl(`${host.url}/go/${name}.git`, '/');
    const opened = await l.code.open(at('foo'), 60_000, 'files');
    for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0']) {
      await opened.stat(version);
      await expect(l.code.open(at(`no-${version}`), 0)).rejects.toMatchObject({ code: 'REPO_NOT_FOUND' });
    }
    // The rest of a refusal is not waited for; then the next question goes another way.
    expect(host.connections()).toBeLessThanOrEqual(2);
  });

  it.each([1, 8])('that the host closes is not a failure, where it had %i of them', async (count) => {
    let waiting: (() => void)[] = [];
    let isClosing = false;
    const old = new Set<Socket>();
    await using host = await counting((socket) => {
      if (isClosing) {
        // As if the end of the connection and the next request had crossed.
        if (!old.delete(socket)) return Promise.resolve();
        socket.resetAndDestroy();
        return new Promise(() => undefined);
      }
      old.add(socket);
      const all = new Promise<void>((resolve) => waiting.push(resolve));
      if (waiting.length >= count) for (const go of waiting) go();
      return all;
    });
    const code = codeHost(path.join(await tempDir('cache'), 'vcs'), { concurrency: 4 * count });
    const at = (name: string) => parseRepoUrl(`${host.url}/go/${name}.git`, '/');
    await Promise.all(
      Array.from({ length: count }, async (_, i) => code.open(at(`no${i}`), 0).catch(() => undefined)),
    );
    expect(host.connections()).toBe(count);
    waiting = [];
    isClosing = true;
    l.host.requests.splice(0);
    await code.open(at('foo'), 0);
    expect(host.connections()).toBe(count + 1);
    expect(old.size).toBeLessThan(count);
    expect(askers(l.host.requests)).toEqual(['us']);
  });
});
