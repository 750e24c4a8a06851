import type { Config } from '../config/load-config.js';
import { isPrivatePath } from '../modfetch/private-paths.js';
import type { VanityMap } from '../vanity/vanity-map.js';

/**
 * Whether a version of `module` can be fetched again for every caller: it is public, and there is an
 * upstream. A private version is not: its tag may have been moved, its repository may be gone.
 */
export function replaceable(module: string, config: Config, map: VanityMap): boolean {
  return config.upstream.length > 0 && !isPrivatePath(module, map, config);
}
