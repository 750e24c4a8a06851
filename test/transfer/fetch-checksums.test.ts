import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { parseModulePath } from '../../src/module/module-path.js';
import { KNOWN_DATABASES } from '../../src/sumdb/client/known-databases.js';
import { fetchChecksums } from '../../src/transfer/fetch-checksums.js';

const MODULE = parseModulePath('example.com/M');
const RECORD =
  '7\nexample.com/M v1.0.0 h1:zip=\nexample.com/M v1.0.0/go.mod h1:mod=\n\ngo.sum database tree\n8\nhash\n\n— x y\n';

describe('fetchChecksums', () => {
  it('takes both hashes of the answer to the escaped path', async () => {
    const asked: string[] = [];
    const get = (_name: string, path: string) => {
      asked.push(path);
      return Promise.resolve({ body: Buffer.from(RECORD), hit: false, immutable: false });
    };
    const [place] = KNOWN_DATABASES;
    expect(await fetchChecksums({ get }, MODULE, 'v1.0.0')).toEqual(
      expect.arrayContaining([
        { kind: 'zip', hash: 'h1:zip=', place },
        { kind: 'mod', hash: 'h1:mod=', place },
      ]),
    );
    expect(new Set(asked)).toEqual(new Set(['lookup/example.com/!m@v1.0.0']));
  });

  it('finds nothing where a database knows nothing, and fails where it cannot be asked', async () => {
    const failing = (code: 'VERSION_NOT_FOUND' | 'HOST_UNREACHABLE') => ({
      get: () => Promise.reject(new ModhavenError(code, 'no')),
    });
    expect(await fetchChecksums(failing('VERSION_NOT_FOUND'), MODULE, 'v1.0.0')).toEqual([]);
    await expect(fetchChecksums(failing('HOST_UNREACHABLE'), MODULE, 'v1.0.0')).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    });
  });
});
