import { beforeEach, describe, expect, it } from 'vitest';
import { goModHash } from '../../../src/module/files/dirhash.js';
import type { CanonicalVersion } from '../../../src/module/version.js';
import { parseModulePath } from '../../../src/module/module-path.js';
import { createDiskStore } from '../../../src/store/disk/disk-store.js';
import { PART_KINDS, putBytes, type VersionStore } from '../../../src/store/version-store.js';
import { goSumLines } from '../../../src/sumdb/format/record.js';
import { auditLog } from '../../../src/sumdb/log/audit.js';
import type { ChecksumLog, LogView } from '../../../src/sumdb/log/log.js';
import { tempDir } from '../../support/tmp.js';
import { makeVersion, type MadeVersion } from '../../support/stores/versions.js';
import { fill, logLab } from './log-lab.js';

let log: ChecksumLog;
let store: VersionStore;
beforeEach(async () => {
  log = (await logLab()).open();
  store = createDiskStore(await tempDir('audit'));
});

async function put(made: MadeVersion): Promise<void> {
  const content = { info: made.info, mod: made.mod, ziphash: Buffer.from(made.hash), zip: made.zip };
  for (const kind of PART_KINDS) {
    await putBytes(
      store,
      { module: parseModulePath(made.module), version: made.version as CanonicalVersion, kind },
      content[kind],
    );
  }
}
const recordOf = ({ module, version, hash, mod }: MadeVersion, sums = {}) =>
  log.append(goSumLines(module, version, { zip: hash, mod: goModHash(mod), ...sums }));

describe('auditLog', () => {
  it('finds nothing wrong with a log, and tells its progress', async () => {
    await fill(log, 0, 300);
    const progress: string[] = [];
    expect(await auditLog(log, store, (done, total) => progress.push(`${done}/${total}`))).toEqual({
      records: 300,
      stored: 0,
      faults: [],
    });
    expect(progress).toEqual(['256/300', '300/300']);
  });

  it('compares what is stored with what was recorded', async () => {
    const [good, bad] = [
      await makeVersion('ex.test/good', 'v1.0.0'),
      await makeVersion('ex.test/bad', 'v1.0.0'),
    ];
    await put(good);
    await put(bad);
    await recordOf(good);
    await recordOf(bad, { zip: good.hash, mod: 'h1:other=' });
    expect(await auditLog(log, store)).toEqual({
      records: 2,
      stored: 2,
      faults: [
        `ex.test/bad@v1.0.0: its go.mod is ${goModHash(bad.mod)}, recorded is h1:other=`,
        `ex.test/bad@v1.0.0: its zip is ${bad.hash}, recorded is ${good.hash}`,
      ],
    });
  });

  it('goes on after a zip that cannot be read', async () => {
    const made = await makeVersion('ex.test/bad', 'v1.0.0');
    await put({ ...made, zip: Buffer.from('no zip') });
    await recordOf(made);
    const { stored, faults } = await auditLog(log, store);
    expect(stored).toBe(1);
    expect(faults).toEqual([
      expect.stringMatching(/^ex\.test\/bad@v1\.0\.0: its zip cannot be read: ./) as string,
    ]);
  });

  it('finds tiles and records that do not follow from the signed tree', async () => {
    await fill(log, 0, 3);
    const changed = (methods: Partial<LogView>): LogView =>
      Object.assign(Object.create(log) as LogView, methods);
    const without = changed({ tile: () => Promise.resolve(undefined) });
    expect((await auditLog(without, store)).faults).toEqual([
      expect.stringMatching(/^records 0 to 2: no tile\//) as string,
    ]);
    const another = changed({ record: (number) => log.record(number === 1 ? 2 : number) });
    expect((await auditLog(another, store)).faults).toEqual(['record 1 is not in the signed tree']);
    const headless = changed({ head: () => undefined });
    expect((await auditLog(headless, store)).faults).toEqual(['there is no signed tree']);
  });
});
