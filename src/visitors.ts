/** What each sender of a request may be shown of modules that it did not name: in lists, and as a hint after a typo. */
import type { Access } from './auth/access.js';
import { NearModules } from './modfetch/near-modules.js';
import { createReadable } from './proxy/access/readable.js';
import { createSuggest } from './proxy/access/suggest.js';
import type { Readable } from './proxy/gate.js';
import type { Services } from './services.js';
import type { VanityMap } from './vanity/vanity-map.js';

export interface VisitorsOptions {
  access: Access;
  services: Pick<Services, 'isPrivate' | 'stores'>;
  vanity: () => VanityMap;
}

export interface Visitors {
  readable: Readable;
  suggest: ReturnType<typeof createSuggest>;
  /** Whether the principal of a request is known, where it carries a login. */
  knowsCallers: () => boolean;
}

export function openVisitors({ access, services, vanity }: VisitorsOptions): Visitors {
  const { isPrivate, stores } = services;
  const readable = createReadable({ access: () => access.state, isPrivate });
  const names = new NearModules({
    stored: () => stores.unchecked.modules(),
    ruled: () => vanity().rules.flatMap(({ isPattern, prefix }) => (isPattern ? [] : [prefix])),
  });
  const suggest = createSuggest({ near: (path) => names.near(path), readable });
  return { readable, suggest, knowsCallers: () => access.state !== undefined };
}
