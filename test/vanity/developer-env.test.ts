import { describe, expect, it } from 'vitest';
import { formatDeveloperEnv, type DeveloperEnv } from '../../src/vanity/developer-env.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';

const MAP = parseVanity(
  JSON.stringify({ host: 'acme.test', paths: { '/a': 'http://h/a', 'github.com/{x}/y': 'http://h/{x}' } }),
  '/etc/vanity.yaml',
  { defaultHost: '' },
);
const SETTINGS: DeveloperEnv = {
  publicUrl: 'https://go.acme.test',
  publicUrlIsGuess: false,
  map: MAP,
  privatePatterns: [],
  sumdbKey: undefined,
  hasUpstream: true,
};

describe('formatDeveloperEnv', () => {
  it('names every private path, also those that only the settings name', () => {
    const text = formatDeveloperEnv({ ...SETTINGS, privatePatterns: ['github.com/acme'] }, 'shell');
    expect(text).toBe(
      "export GOPROXY=https://go.acme.test\nexport GONOSUMDB='acme.test,github.com/*/y,github.com/acme'\nexport GONOPROXY=none\n",
    );
  });

  it('has everything checked by a database of our own', () => {
    const text = formatDeveloperEnv({ ...SETTINGS, sumdbKey: 'sum.acme.test+1+k' }, 'go-env');
    expect(text).toContain('go env -w GOSUMDB=sum.acme.test+1+k\ngo env -w GONOSUMDB=none\n');
  });

  it.each(['shell', 'powershell', 'go-env'] as const)('says in comments of %s what is missing', (format) => {
    const text = formatDeveloperEnv({ ...SETTINGS, publicUrlIsGuess: true, hasUpstream: false }, format);
    expect(text).toMatch(/^# public_url is not set, .*localhost.*\n# upstream is off: .*\n[^#]/);
  });
});
