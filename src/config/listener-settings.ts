/** `tls:` and `limits:` as the program is given them. */
import type { z } from 'zod';
import type { Limits, Tls } from './schema-listener.js';
import { absolutePath } from './schema-values.js';

/** Absolute paths. */
export interface TlsSettings {
  certFile: string;
  keyFile: string;
}

/** Times in milliseconds. */
export interface LimitSettings {
  headerTimeoutMs: number;
  requestTimeoutMs: number;
  idleTimeoutMs: number;
  /** Of each process. */
  maxConnections: number;
}

/** `base`: the folder that relative paths are relative to. */
export function readTls(written: z.output<typeof Tls>, base: string): TlsSettings | undefined {
  return (
    written && {
      certFile: absolutePath(written.cert_file, base),
      keyFile: absolutePath(written.key_file, base),
    }
  );
}

export function readLimits(written: z.output<typeof Limits>): LimitSettings {
  return {
    headerTimeoutMs: written.header_timeout,
    requestTimeoutMs: written.request_timeout,
    idleTimeoutMs: written.idle_timeout,
    maxConnections: written.max_connections,
  };
}
