import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load-config.js';

const read = (text: string, env: Record<string, string> = {}) => parseConfig(text, '/srv/modhaven.yaml', env);

describe('store', () => {
  it.each(['', 'store:\n', 'store: disk\n'])('is the disk: %j', (text) => {
    expect(read(text).s3).toBeUndefined();
  });

  it('is a bucket, with a slash behind its prefix', () => {
    const text =
      'store: { s3: { endpoint: "https://s3.corp", bucket: go, prefix: modhaven, path_style: true } }\n';
    expect(read(text).s3).toMatchObject({
      endpoint: 'https://s3.corp',
      prefix: 'modhaven/',
      pathStyle: true,
    });
  });

  it.each(['go', 'go-modules.corp', 'Go_Modules', 'arn:aws:s3:eu-1:1:accesspoint/go'])(
    'has a name: %s',
    (name) => {
      expect(read(`store: { s3: { bucket: "${name}" } }\n`).s3?.bucket).toBe(name);
    },
  );

  it('takes no more than half of the cache for local copies', () => {
    const text = 'cache: { max_size: 4GiB }\nstore: { s3: { bucket: go } }\n';
    expect(read(text).s3?.cacheBytes).toBe(2 * 1024 ** 3);
  });

  it.each([
    ['store: dsk\n', 'modhaven.yaml:1:8: "store" must be disk, or s3 with the settings of a bucket'],
    [
      'store:\n  s3:\n    bucket: b\n    prefiks: x\n',
      'modhaven.yaml:4:5: unknown key "prefiks"; did you mean "prefix"?',
    ],
    [
      'store: { s3: { bucket: b, endpoint: s3.corp } }\n',
      'must be an http or https URL such as https://s3.corp',
    ],
    ...[
      ['endpoint', 'https://me:secret@s3.corp', 'no login (credentials come from the AWS chain'],
      ['endpoint', 'https://s3.corp?x=1', 'must be a URL alone'],
      [
        'bucket',
        'go/modules',
        'must be the name of a bucket; what is to stand before every key is store.s3.prefix',
      ],
      ['bucket', '', 'must be the name of a bucket'],
      ['prefix', '/modhaven', 'must be the beginning of a key such as modhaven/'],
      ['prefix', 'a/../b', 'must be the beginning of a key'],
      ['prefix', 'a//b', 'must be the beginning of a key'],
      ['region', 'eu 1', 'must be the name of a region'],
      ['sse', 'aes', 'must be AES256 or aws:kms'],
      ['kms_key_id', 'key', '"store.s3.kms_key_id" is for sse: aws:kms alone'],
    ].map(([key = '', value = '', message = '']): [string, string] => [
      `store: { s3: ${JSON.stringify({ bucket: 'b', [key]: value })} }\n`,
      message,
    ]),
    ['redis: redis://redis.corp/modhaven\n', 'must be a URL such as redis://redis.corp:6379/0'],
    ...['redis://:100%@redis.corp', 'redis://:a/b@redis.corp', 'redis:///0', 'redis://redis.corp/0?db=1'].map(
      (url): [string, string] => [`redis: ${JSON.stringify(url)}\n`, 'are written as %2F, %40, %23 and %25'],
    ),
    ['store: { s3: { prefix: x } }\n', '"store.s3.bucket" must be text, but nothing is given'],
    [
      'redis: http://redis.corp\n',
      'modhaven.yaml:1:8: "redis" must be a URL such as redis://redis.corp:6379/0',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it('names the variable that says something wrong of it', () => {
    expect(() => read('', { MODHAVEN_STORE_S3_BUCKET: 'go', MODHAVEN_STORE_S3_PATH_STYLE: '1' })).toThrow(
      'the variable MODHAVEN_STORE_S3_PATH_STYLE must be true or false, not text',
    );
  });

  it('comes from the environment, too', () => {
    const env = {
      MODHAVEN_STORE_S3_BUCKET: 'go',
      MODHAVEN_STORE_S3_PATH_STYLE: 'true',
      MODHAVEN_REDIS: 'redis://r',
    };
    expect(read('', env)).toMatchObject({ s3: { bucket: 'go', pathStyle: true }, redis: 'redis://r' });
  });
});
