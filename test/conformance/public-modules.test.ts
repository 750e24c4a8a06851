/**
 * Real repositories, served under their true module paths: the hashes must be those that everybody has in go.sum.
 *
 * The hashes are those the public registry gives. The repositories are not part of the project: MODHAVEN_PUBLIC_REPOS
 * names a folder that holds clones of them by repository path, for instance `github.com/google/uuid.git`
 * (`git clone --mirror`). Without it the tests are skipped. Left out is one version whose tag was moved by its owners
 * after the registry had stored it (github.com/spf13/pflag v1.0.4).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from '../support/server.js';
import modules from './public-modules.json' with { type: 'json' };
import { goModHash, zipHash } from './module-hash.js';

const FOLDER = process.env.MODHAVEN_PUBLIC_REPOS ?? '';
const REPOSITORIES = [...new Set(Object.keys(modules).map((path) => path.replace(/\/v\d+$/, '')))];
const absent = REPOSITORIES.filter((path) => FOLDER === '' || !existsSync(join(FOLDER, `${path}.git`)));
const why = FOLDER === '' ? 'MODHAVEN_PUBLIC_REPOS is not set' : `no clone of ${absent.join(', ')}`;

describe.skipIf(absent.length > 0)(`public modules${absent.length > 0 ? ` (skipped: ${why})` : ''}`, () => {
  let server: Awaited<ReturnType<typeof startServer>>;

  beforeAll(async () => {
    const paths = Object.fromEntries(REPOSITORIES.map((path) => [path, join(FOLDER, `${path}.git`)]));
    server = await startServer({ config: {}, vanity: { paths } });
  });
  afterAll(() => server.stop());

  for (const [path, versions] of Object.entries(modules)) {
    it(`${path}: ${Object.keys(versions).length} versions`, async () => {
      const found: Record<string, string[]> = {};
      for (const version of Object.keys(versions)) {
        const base = `${server.url}/${path}/@v/${version}`;
        const [mod, zip] = await Promise.all([fetchBytes(`${base}.mod`), fetchBytes(`${base}.zip`)]);
        found[version] = [await zipHash(zip), goModHash(mod)];
      }
      expect(found).toEqual(versions);
    });
  }
});

async function fetchBytes(url: string): Promise<Buffer> {
  const response = await fetch(url);
  const bytes = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${url}: ${response.status} ${bytes.toString()}`);
  return bytes;
}
