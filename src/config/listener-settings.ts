/** `tls:` and `limits:` as the program is given them. */
import { resolve } from 'node:path';
import type { z } from 'zod';
import type { Limits, Tls } from './schema-listener.js';

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
  return written && { certFile: resolve(base, written.cert_file), keyFile: resolve(base, written.key_file) };
}

export function readLimits(written: z.output<typeof Limits>): LimitSettings {
  return {
    headerTimeoutMs: written.header_timeout,
    requestTimeoutMs: written.request_timeout,
    idleTimeoutMs: written.idle_timeout,
    maxConnections: written.max_connections,
  };
}
