/** The messages between the main process and its workers. */
import type { Server } from 'node:net';
import type { Listen } from '../config/listen.js';
import type { AuthSettings } from '../config/auth-settings.js';
import type { FaultRecord } from '../log/faults.js';
import type { LogLevel } from '../log/log.js';
import type { Family } from '../metrics/families.js';
import type { ConnectionLimits } from '../proxy/http/listener.js';
import type { TlsMaterial } from '../config/tls-pair.js';
import type { DamagedPart } from '../store/checked-store.js';
import type { StoreSettings } from '../store/open/open-stores.js';

/** The settings that a worker needs and that may change while it runs. */
export interface WorkerSettings {
  trustProxy: readonly string[];
  /** `cache.memory`, in bytes. */
  cacheMemory: number;
  /** In milliseconds. */
  refreshMs: number;
  auth: AuthSettings | undefined;
  auditFile: string | undefined;
  accessLogFile: string | undefined;
  admin: readonly string[];
  publicUrl: string;
  limits: ConnectionLimits;
  /** The certificate in use, and its key. The files may hold half of a new pair. */
  tls: TlsMaterial | undefined;
  /** The name of our own checksum database. */
  ownDatabase: string | undefined;
}

/** What a worker needs to know at its start. */
export interface WorkerStart {
  listen: Listen | { fd: number };
  /** What decides which stores are opened. */
  stores: StoreSettings;
  /** The unix socket of the main process. */
  socket: string;
  logLevel: LogLevel;
  /** Whether stacks are logged (`--verbose`). */
  verbose: boolean;
  settings: WorkerSettings;
}

export type ToWorker =
  | { type: 'start'; start: WorkerStart }
  | { type: 'settings'; settings: WorkerSettings }
  /** Forget what may change, and answer `done`; see `ResponseCache.forgetChanging`. */
  | { type: 'forget'; id: number; before: number | undefined }
  /** Answer `done`, and say how many connections there are. */
  | { type: 'ping'; id: number }
  /** End so many connections after their next response. */
  | { type: 'shed'; count: number }
  /** Answer `metrics`; `process` is the name of the worker there. */
  | { type: 'metrics'; id: number; process: string }
  /** Finish what runs, then end; `handOver`: another process takes over the address. */
  | { type: 'end'; handOver: boolean };

/** Where a server accepts connections, as Node says it; null where it does not. */
export type ServerAddress = ReturnType<Server['address']>;

export type FromWorker =
  | { type: 'ready' }
  | { type: 'listening'; address: ServerAddress }
  | { type: 'failed'; reason: string }
  | { type: 'done'; id: number; connections?: number }
  | { type: 'metrics'; id: number; families: Family[] }
  | { type: 'fault'; record: FaultRecord }
  /** A stored part was found damaged; the worker has logged it. */
  | { type: 'damaged'; part: DamagedPart };
