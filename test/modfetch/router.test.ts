import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { Modules } from '../../src/modfetch/repo.js';
import { createModuleRouter, type ModuleRouterOptions } from '../../src/modfetch/router.js';
import { parseModulePath } from '../../src/module/module-path.js';

const PRIVATE = parseModulePath('corp.test/lib');
const PUBLIC = parseModulePath('public.test/lib');

/** Modules that fail with their name and what they were asked. */
function named(name: string): Modules {
  const say =
    (method: string) =>
    (...args: unknown[]): Promise<never> =>
      Promise.reject(new ModhavenError('HOST_UNREACHABLE', JSON.stringify([name, method, ...args])));
  return { list: say('list'), info: say('info'), mod: say('mod'), zip: say('zip') };
}

function router(overrides: Partial<ModuleRouterOptions> = {}): Modules {
  return createModuleRouter({
    ours: named('ours'),
    upstream: named('upstream'),
    offline: named('offline'),
    covers: (path) => path.startsWith('corp.test/'),
    hasUpstream: () => true,
    ...overrides,
  });
}

const FETCH = { onlyCached: true };

describe('createModuleRouter', () => {
  it.each([
    ['ours', PRIVATE, true],
    ['ours', PRIVATE, false],
    ['upstream', PUBLIC, true],
    ['offline', PUBLIC, false],
  ])('asks %s for %s, with everything it was told (upstream: %s)', async (name, module, hasUpstream) => {
    const modules = router({ hasUpstream: () => hasUpstream });
    const said = (...words: unknown[]) => JSON.stringify([name, ...words, FETCH]);
    await expect(modules.list(module, FETCH)).rejects.toThrow(said('list', module));
    await expect(modules.info(module, 'main', FETCH)).rejects.toThrow(said('info', module, 'main'));
    await expect(modules.mod(module, 'v1.0.0', FETCH)).rejects.toThrow(said('mod', module, 'v1.0.0'));
    await expect(modules.zip(module, 'v1.0.0', FETCH)).rejects.toThrow(said('zip', module, 'v1.0.0'));
  });

  it('asks no upstream for a private module that ours fail to get', async () => {
    const untouched = new Proxy({} as Modules, {
      get: () => {
        throw new Error('a private path was asked for elsewhere');
      },
    });
    const modules = router({ upstream: untouched, offline: untouched });
    await expect(modules.info(PRIVATE, 'latest')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
  });

  it('asks for a private module of a named host directly, and for a public one never', async () => {
    const asked: string[] = [];
    const direct = (path: string) => {
      asked.push(path);
      return path === PRIVATE ? named('direct') : undefined;
    };
    const modules = router({ direct });
    await expect(modules.list(PRIVATE)).rejects.toThrow('["direct"');
    await expect(modules.list(parseModulePath('corp.test/other'))).rejects.toThrow('["ours"');
    await expect(modules.list(PUBLIC)).rejects.toThrow('["upstream"');
    expect(asked).toEqual([PRIVATE, 'corp.test/other']);
  });

  it('looks at the settings of each request', async () => {
    let hasUpstream = false;
    const modules = router({ hasUpstream: () => hasUpstream });
    await expect(modules.list(PUBLIC)).rejects.toThrow('["offline"');
    hasUpstream = true;
    await expect(modules.list(PUBLIC)).rejects.toThrow('["upstream"');
  });
});
