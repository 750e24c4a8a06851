/**
 * Which service answers for a module: ours, or the one that passes public modules through.
 *
 * The rule that keeps private names private is here and nowhere else: what a vanity rule or a vanity host covers is
 * ours, whatever happens, and is never asked for elsewhere, not on an error either.
 */
import type { ModuleSource } from './git-source.js';

export interface ModuleRouterOptions {
  ours: ModuleSource;
  upstream: ModuleSource;
  /** Public modules where there is no upstream: what is stored of them. */
  offline: ModuleSource;
  /** Who fetches a private module of a git host that no rule names from its repository; undefined if nobody may. */
  direct?: (path: string) => ModuleSource | undefined;
  /** Whether a module path is private. */
  covers: (path: string) => boolean;
  /** Whether there is an upstream at all. */
  hasUpstream: () => boolean;
}

export function createModuleRouter({
  ours,
  upstream,
  offline,
  direct,
  covers,
  hasUpstream,
}: ModuleRouterOptions): ModuleSource {
  function serviceFor(path: string): ModuleSource {
    if (covers(path)) return direct?.(path) ?? ours;
    return hasUpstream() ? upstream : offline;
  }
  return {
    list: (module, ask) => serviceFor(module).list(module, ask),
    info: (module, query, ask) => serviceFor(module).info(module, query, ask),
    ensure: (module, version, kind, ask) => serviceFor(module).ensure(module, version, kind, ask),
    zipInTransit: (module, version, ask) =>
      serviceFor(module).zipInTransit?.(module, version, ask) ?? Promise.resolve(undefined),
  };
}
