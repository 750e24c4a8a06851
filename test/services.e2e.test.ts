/** What stands behind the server, put together from real settings. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pino } from 'pino';
import { beforeAll, describe, expect, it } from 'vitest';
import { createSettings } from '../src/config/settings.js';
import { parseModulePath } from '../src/module/module-path.js';
import { createServices, openUpstream, type Services } from '../src/services.js';
import { loadVanity } from '../src/vanity/vanity-file.js';
import { repo, type GitRepo } from './support/git/git-repo.js';
import { missing } from './support/requirements.js';
import { tempDir } from './support/tmp.js';
import { fakeUpstream, send } from './upstream/fake-upstream.js';

const LIB = parseModulePath('svc.example/lib');
const PUBLIC = parseModulePath('public.example/m');
const log = pino({ level: 'silent' });

interface Scene {
  services: Services;
  made: GitRepo;
  newRefs: () => number;
}

async function scene(config: string): Promise<Scene> {
  const dir = await tempDir('services');
  const made = await repo(path.join(dir, 'lib.git'));
  await made.write({ 'go.mod': `module ${LIB}\n` }).commit('one');
  await made.tag('v1.0.0');
  const vanityFile = path.join(dir, 'vanity.yaml');
  await writeFile(vanityFile, `host: svc.example\npaths:\n  /lib: ${dir}/lib.git\n`);
  const file = path.join(dir, 'modhaven.yaml');
  await writeFile(file, `vanity: ./vanity.yaml\ncache: { dir: ./data }\nrefresh: 1s\n${config}`);
  const settings = createSettings(file, {}, {});
  const map = loadVanity(vanityFile, { defaultHost: '' });
  let count = 0;
  const services = createServices({
    settings,
    log,
    vanity: () => map,
    onNewRefs: () => (count += 1),
  });
  return { services, made, newRefs: () => count };
}

describe.skipIf(missing('git'))('createServices without an upstream', () => {
  let all: Scene;
  beforeAll(async () => {
    all = await scene('upstream: off\n');
  });

  it('serves modules of rules out of git, and stores them', async () => {
    const { modules, store, isPrivate } = all.services;
    expect(isPrivate(LIB)).toBe(true);
    expect((await modules.list(LIB)).value).toEqual(['v1.0.0']);
    expect((await modules.info(LIB, 'v1.0.0')).fromCache).toBe(false);
    expect(await store.size({ module: LIB, version: 'v1.0.0', kind: 'info' })).toBeGreaterThan(0);
    expect((await modules.info(LIB, 'v1.0.0')).fromCache).toBe(true);
  });

  it('says of a public module that there is no upstream', async () => {
    const { modules, isPrivate } = all.services;
    expect(isPrivate(PUBLIC)).toBe(false);
    await expect(modules.list(PUBLIC)).rejects.toThrow(PUBLIC);
  });

  it('tells of new refs, and asks again after a change was announced', async () => {
    const { modules, changed, host, roots } = all.services;
    await all.made.tag('v1.1.0');
    const [remote] = (await roots.find(LIB)).repos;
    if (remote === undefined) throw new Error('the rule has no repository');
    changed();
    await host.open(remote, 0);
    expect(all.newRefs()).toBeGreaterThan(0);
    expect((await modules.list(LIB)).value).toEqual(['v1.0.0', 'v1.1.0']);
  });
});

describe.skipIf(missing('git'))('createServices with an upstream', () => {
  it('asks it for public modules, never for private ones', async () => {
    await using upstream = await fakeUpstream();
    upstream.answers[`/${PUBLIC}/@v/list`] = send(Buffer.from('v2.0.0+incompatible\nv1.0.0\n'));
    const { services } = await scene(`upstream: ${upstream.url}\n`);
    expect((await services.modules.list(PUBLIC)).value).toContain('v1.0.0');
    await services.modules.list(LIB);
    expect(upstream.asked.filter((asked) => asked.includes(LIB))).toEqual([]);
    expect(upstream.asked).toContain(`/${PUBLIC}/@v/list`);
  });

  it('has an upstream without anything else', async () => {
    await using upstream = await fakeUpstream();
    upstream.answers[`/${PUBLIC}/@v/list`] = send(Buffer.from('v1.0.0\n'));
    const file = path.join(await tempDir('upstream'), 'modhaven.yaml');
    await writeFile(file, `upstream: ${upstream.url}\n`);
    const config = createSettings(file, {}, {}).current();
    expect((await openUpstream(config).list(PUBLIC)).versions).toEqual(['v1.0.0']);
  });
});
