/** The keys of `tls:` and `limits:`, what the address that clients reach is like. */
import { z } from 'zod';
import { File, Timeout, section } from './schema-values.js';

export const Tls = z
  .preprocess(
    (value: unknown) => value ?? undefined,
    z
      .strictObject({
        cert_file: File.describe('The certificate (PEM), followed by those between it and its root.'),
        key_file: File.describe('Its private key (PEM), without a passphrase.'),
      })
      .optional(),
  )
  .optional()
  .describe(
    'Makes the server speak https on "listen". The files are read again when they change. Default: plain http. Switching it on or off needs a restart.',
  );

export const Limits = section(
  z.strictObject({
    client_queue: z
      .int()
      .min(1)
      .max(100_000)
      .default(500)
      .describe(
        'How many requests of one client may wait for what is not stored; further ones get 429. Default: 500.',
      ),
    header_timeout: Timeout.prefault('30s').describe(
      'Limit until the headers of a request are there. Default: 30s.',
    ),
    request_timeout: Timeout.prefault('60s').describe('Limit until a whole request is there. Default: 60s.'),
    idle_timeout: Timeout.prefault('72s').describe(
      'How long an idle connection is kept: longer than a proxy in front keeps it. Default: 72s.',
    ),
    max_connections: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(10_000)
      .describe('Connections of each server process; further ones are closed. Default: 10000.'),
  }),
).describe('What clients may take.');
