import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { beforeEach, describe, expect, it } from 'vitest';
import { prepareTrust } from '../../src/http/trust.js';
import { tempDir } from '../support/tmp.js';

const [one = '', two = ''] = rootCertificates;
let dir: string;
let bundle: string;

beforeEach(async () => {
  dir = await tempDir('trust');
  bundle = join(dir, 'bundle.pem');
  await writeFile(bundle, one);
});

describe('prepareTrust', () => {
  it('believes anything where it is told to, without a look at any file', async () => {
    expect(await prepareTrust({ insecureTls: true, caFile: '/missing' }, {})).toEqual({
      key: 'anything',
      context: undefined,
    });
  });

  it('reads a file once, and again when it changes', async () => {
    const first = await prepareTrust({ caFile: bundle }, {});
    expect(first.context).toBeDefined();
    expect(await prepareTrust({ caFile: bundle }, {})).toEqual(first);
    expect((await prepareTrust({ caFile: bundle }, {})).context).toBe(first.context);
    await writeFile(bundle, two);
    await utimes(bundle, new Date(), new Date(Date.now() + 10_000));
    const second = await prepareTrust({ caFile: bundle }, {});
    expect(second.key).not.toBe(first.key);
    expect(second.context).not.toBe(first.context);
  });

  it('takes a ca_file in place of everything the account says', async () => {
    const own = join(dir, 'own.pem');
    await writeFile(own, two);
    const { key } = await prepareTrust(
      { caFile: own },
      { SSL_CERT_FILE: bundle, NODE_EXTRA_CA_CERTS: bundle },
    );
    expect(filesIn(key)).toEqual([own]);
  });

  it('fails where a ca_file is missing', async () => {
    const caFile = join(dir, 'missing');
    await expect(prepareTrust({ caFile }, {})).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('takes the bundle, the folders and the extra file of the account together', async () => {
    const folders = ['f', 'g'].map((name) => join(dir, name));
    for (const folder of folders) {
      await mkdir(join(folder, 'below'), { recursive: true });
      await writeFile(join(folder, 'a.pem'), two);
    }
    await writeFile(join(folders[0] ?? '', 'README'), 'no certificate');
    const extra = join(dir, 'extra.pem');
    await writeFile(extra, two);
    const { key, context } = await prepareTrust(
      {},
      {
        SSL_CERT_FILE: bundle,
        SSL_CERT_DIR: `${folders.join(':')}:${join(dir, 'missing')}`,
        NODE_EXTRA_CA_CERTS: extra,
      },
    );
    expect(context).toBeDefined();
    expect(filesIn(key).sort()).toEqual(
      [bundle, extra, join(dir, 'f/README'), join(dir, 'f/a.pem'), join(dir, 'g/a.pem')].sort(),
    );
  });

  it('goes on without an extra file that is missing, and takes an empty variable for none', async () => {
    const { key } = await prepareTrust(
      {},
      { SSL_CERT_FILE: bundle, SSL_CERT_DIR: '', NODE_EXTRA_CA_CERTS: join(dir, 'no') },
    );
    expect(filesIn(key)).toEqual([bundle]);
  });

  it('does not fall back to the bundle of the system where SSL_CERT_FILE is missing', async () => {
    await expect(prepareTrust({}, { SSL_CERT_FILE: join(dir, 'missing') })).rejects.toThrow(
      'the authorities of the system are not in a file that is known',
    );
  });
});

/** The key names each file, and when it was changed. */
function filesIn(key: string): string[] {
  return key.split('\n').map((line) => line.slice(0, line.lastIndexOf(' ')));
}
