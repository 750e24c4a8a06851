/**
 * Which modules are asked for a path: the private ones, or the public ones that are passed through.
 *
 * The rule that keeps private names private is here and nowhere else: what a vanity rule or a vanity host covers is
 * private, whatever happens, and is never asked for elsewhere, not on an error either.
 */
import type { SourceName } from '../observe/events.js';
import type { Modules } from './repo.js';

export interface ModuleRouterOptions {
  /** The modules of the rules. */
  ours: Modules;
  upstream: Modules;
  /** Public modules where there is no upstream: what is stored of them. */
  offline: Modules;
  /** The modules of a git host that no rule names, out of their repositories; undefined if `path` may not be fetched so. */
  direct?: (path: string) => Modules | undefined;
  /** Whether a module path is private. */
  covers: (path: string) => boolean;
  /** Whether there is an upstream at all. */
  hasUpstream: () => boolean;
}

export function createModuleRouter(options: ModuleRouterOptions): Modules {
  const { ours, upstream, offline, direct, covers, hasUpstream } = options;
  function modulesFor(path: string): [Modules, SourceName] {
    if (!covers(path)) return hasUpstream() ? [upstream, 'upstream'] : [offline, 'offline'];
    const named = direct?.(path);
    return named === undefined ? [ours, 'git'] : [named, 'discovery'];
  }
  async function from<T>(
    path: string,
    ask: (modules: Modules) => Promise<T>,
  ): Promise<T & { source: SourceName }> {
    const [modules, source] = modulesFor(path);
    return { ...(await ask(modules)), source };
  }
  return {
    list: (module, fetch) => from(module, (modules) => modules.list(module, fetch)),
    info: (module, query, fetch) => from(module, (modules) => modules.info(module, query, fetch)),
    mod: (module, version, fetch) => from(module, (modules) => modules.mod(module, version, fetch)),
    zip: (module, version, fetch) => from(module, (modules) => modules.zip(module, version, fetch)),
  };
}
