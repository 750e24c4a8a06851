/** The pages for people over the services of a server. Nothing here decides anything. */
import { Uses } from './catalog/uses.js';
import type { Config } from './config/load-config.js';
import type { Readable } from './proxy/gate.js';
import type { TrustProxy } from './proxy/http/client-address.js';
import type { Services } from './services.js';
import { developerVariables, formatDeveloperEnv, type DeveloperEnv } from './vanity/developer-env.js';
import type { VanityMap } from './vanity/vanity-map.js';
import { LazyPages } from './web/lazy-pages.js';

export interface PagesOptions {
  services: Pick<Services, 'modules' | 'store' | 'catalog' | 'isPrivate'>;
  config: () => Config;
  vanity: () => VanityMap;
  /** What developers' machines are told. */
  developer: () => DeveloperEnv;
  hasAuth: () => boolean;
  readable: Readable;
  trusts: TrustProxy;
  /** Of the program. */
  version: string;
}

export function openPages(options: PagesOptions): LazyPages {
  const { services, config, vanity, developer, hasAuth, readable, trusts, version } = options;
  const { modules, store, catalog, isPrivate } = services;
  return new LazyPages({
    ...{ modules, store, catalog, isPrivate, vanity, hasAuth, readable, trusts, version },
    uses: new Uses(catalog, store),
    publicUrl: () => config().publicUrl,
    docsUrl: () => config().docsUrl,
    setup() {
      const settings = developer();
      return {
        variables: developerVariables(settings),
        shell: formatDeveloperEnv(settings, 'shell'),
        hasUpstream: settings.hasUpstream,
      };
    },
  });
}
