import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../../src/errors.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { StoreDecorator } from '../../../src/store/store-decorator.js';
import type { ModuleVersion, Part, VersionReader } from '../../../src/store/version-store.js';
import { isInOrder, verifyVersions } from '../../../src/cli/common/verify-versions.js';
import { checkStored } from '../../../src/verify/stored.js';
import { createMemoryStore } from '../../support/stores/memory-store.js';
import { tempDir } from '../../support/tmp.js';

const VERSIONS = ['a', 'b', 'c'].map((name): ModuleVersion => ({
  module: parseModulePath(`ex.test/${name}`),
  version: 'v1.0.0',
}));

/** A store far away, whose go.mod files cannot be read so many times. */
class FailingStore extends StoreDecorator {
  private failures: number;

  constructor(failures: number) {
    const mod = Buffer.from('module x\n');
    super(
      createMemoryStore({
        known: VERSIONS.map((version): [Part, Buffer] => [{ ...version, kind: 'mod' }, mod]),
      }),
    );
    this.failures = failures;
  }

  override read(part: Part): Promise<Buffer | undefined> {
    if (part.kind !== 'mod' || this.failures === 0) return super.read(part);
    this.failures -= 1;
    return Promise.reject(new ModhavenError('STORAGE', 'the bucket b cannot be used', { remedy: 'look' }));
  }
}

const check = (reader: VersionReader, { module, version }: ModuleVersion) =>
  checkStored(reader, module, version, { isPrivate: false, localFiles: () => Promise.resolve(undefined) });
const far = async () => ({ check, stagingDir: await tempDir('far'), retryMs: [0, 0] });

describe('verifyVersions', () => {
  it('finds what is in order, of a store that fails in passing, too', async () => {
    let done = 0;
    const options = { ...(await far()), store: new FailingStore(2), onDone: () => (done += 1) };
    const found = await verifyVersions(VERSIONS, options);
    expect([found.map(({ module }) => module), found.every(isInOrder), done]).toEqual([
      VERSIONS.map(({ module }) => module),
      true,
      3,
    ]);
  });

  it('calls nothing damaged that could not be read, and says how far it came', async () => {
    const [first] = VERSIONS;
    const store = new FailingStore(Infinity);
    await expect(verifyVersions(VERSIONS, { ...(await far()), store })).rejects.toMatchObject({
      code: 'STORAGE',
      remedy:
        'look; nothing is known of the rest: 0 of 3 versions were verified before, 0 of them not in order',
    });
    // On a disk, a file that cannot be read is one that is not in order.
    const found = await verifyVersions(VERSIONS.slice(0, 1), { check, store });
    expect(found).toMatchObject([{ ...first, faults: [{ part: 'mod' }] }]);
  });
});
