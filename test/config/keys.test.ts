import { expect, it } from 'vitest';
import { z } from 'zod';
import { configKeys } from '../../src/config/keys.js';
import { ConfigFile } from '../../src/config/schema.js';

const named = (schema: z.ZodType) =>
  configKeys(schema).map(({ path, forms }) => `${path.join('.')}: ${forms.join(' ')}`);

it('finds every key of a file that it was not written for', () => {
  const schema = z.strictObject({
    port: z.int().default(1).describe('A port.'),
    mode: z.enum(['fast', 'safe']).default('safe'),
    store: z.union([z.literal('disk'), z.strictObject({ s3: z.strictObject({ bucket: z.string() }) })]),
    git_host: z.union([z.boolean(), z.array(z.string())]).optional(),
    rules: z.array(z.strictObject({ allow: z.string() })).optional(),
    hosts: z.record(
      z.string(),
      z.strictObject({ token: z.string(), options: z.record(z.string(), z.string()) }),
    ),
    pin: z.string().meta({ writeOnly: true }).optional(),
  });
  expect(named(schema)).toEqual([
    'port: number',
    'mode: text',
    'store: text',
    'store.s3.bucket: text',
    'git_host: boolean list',
    'rules: entries',
    'hosts.*.token: text',
    'hosts.*.options: entries',
    'pin: text',
  ]);
  const keys = configKeys(schema);
  expect(keys[0]).toMatchObject({ description: 'A port.', preset: 1, secret: false, choices: [] });
  expect(keys[1]).toMatchObject({ choices: ['fast', 'safe'], preset: 'safe' });
  expect(keys.filter(({ secret }) => secret).map(({ path }) => path.at(-1))).toEqual(['token', 'pin']);
});

it('describes every key of modhaven.yaml', () => {
  expect(configKeys(ConfigFile).filter(({ description }) => !/\S/.test(description))).toEqual([]);
  expect(named(ConfigFile)).toEqual(
    expect.arrayContaining([
      'listen: text',
      'workers: text number',
      'webhook.prefetch: boolean',
      'vcs.hosts.*.token: text',
    ]),
  );
});
