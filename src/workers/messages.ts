/** What the main process and its workers say to each other. */
import type { Listen } from '../config/listen.js';
import type { LogLevel } from '../log/log.js';
import type { StoreSettings } from '../store/open-stores.js';

/** The settings that a worker needs and that may change while it runs. */
export interface WorkerSettings {
  trustProxy: readonly string[];
  /** `cache.memory`, in bytes. */
  cacheMemory: number;
  /** In milliseconds. */
  refreshMs: number;
}

export interface WorkerStart {
  listen: Listen;
  /** What decides which stores are opened. */
  stores: StoreSettings;
  /** The unix socket of the main process. */
  socket: string;
  logLevel: LogLevel;
  settings: WorkerSettings;
}

export type ToWorker =
  | { type: 'start'; start: WorkerStart }
  | { type: 'settings'; settings: WorkerSettings }
  /** Forget what may change, and answer `forgotten`; see `AnswerMemory.forgetChanging`. */
  | { type: 'forget'; id: number; before: number | undefined }
  /** Finish what runs, then end. */
  | { type: 'end' };

export type FromWorker =
  | { type: 'ready' }
  | { type: 'listening' }
  | { type: 'failed'; reason: string }
  | { type: 'forgotten'; id: number };
