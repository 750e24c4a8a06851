/** The pages for people over the services of a server. Nothing here decides anything. */
import type { IncomingMessage } from 'node:http';
import { Uses } from './catalog/uses.js';
import type { Settings } from './config/settings.js';
import type { Readable } from './proxy/gate.js';
import type { TrustProxy } from './proxy/http/client-address.js';
import type { Services } from './services.js';
import { developerVariables, formatDeveloperEnv, type DeveloperEnv } from './vanity/developer-env.js';
import type { VanityMap } from './vanity/vanity-map.js';
import { LazyPages } from './web/lazy-pages.js';

export interface PagesOptions {
  services: Pick<Services, 'modules' | 'store' | 'catalog' | 'firstFetches' | 'isPrivate'>;
  settings: Pick<Settings, 'current'>;
  vanity: () => VanityMap;
  /** What developers' machines are told. */
  developer: () => DeveloperEnv;
  hasAuth: () => boolean;
  readable: Readable;
  isAdmin: (request: IncomingMessage) => Promise<boolean>;
  trusts: TrustProxy;
  /** Of the program. */
  version: string;
}

export function openPages(options: PagesOptions): LazyPages {
  const { services, settings, vanity, developer, hasAuth, readable, isAdmin, trusts, version } = options;
  const { modules, store, catalog, firstFetches, isPrivate } = services;
  return new LazyPages({
    modules,
    store,
    catalog,
    firstFetches,
    isPrivate,
    vanity,
    hasAuth,
    readable,
    isAdmin,
    trusts,
    version,
    uses: new Uses(catalog, store),
    publicUrl: () => settings.current().publicUrl,
    docsUrl: () => settings.current().docsUrl,
    setup() {
      const env = developer();
      return {
        variables: developerVariables(env),
        shell: formatDeveloperEnv(env, 'shell'),
        hasUpstream: env.hasUpstream,
      };
    },
  });
}
