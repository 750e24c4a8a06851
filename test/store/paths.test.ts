import { describe, expect, it } from 'vitest';
import { cacheLayout } from '../../src/store/paths.js';

describe('cacheLayout', () => {
  it('is what the documentation and config/nginx.conf rely on', () => {
    expect(cacheLayout('/srv/cache')).toEqual({
      root: '/srv/cache',
      download: '/srv/cache/download',
      checksums: '/srv/cache/download/sumdb',
      mirrors: '/srv/cache/vcs',
      directMirrors: '/srv/cache/vcs/direct',
      upstream: '/srv/cache/upstream',
      privateAnswers: '/srv/cache/private',
      ownDatabases: '/srv/cache/sumdb',
      seenTrees: '/srv/cache/sumdb/.seen',
      sums: '/srv/cache/sums',
      seals: '/srv/cache/recorded',
      copies: '/srv/cache/copies',
      fetched: '/srv/cache/fetched',
      damaged: '/srv/cache/damaged',
      usage: '/srv/cache/usage',
    });
  });
});
