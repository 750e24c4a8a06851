/** The workers, as the main process needs them. */
import type { Invalidation } from '../concurrency/invalidation.js';
import type { Family } from '../metrics/families.js';
import type { StoreSettings } from '../store/open/open-stores.js';

/** What connects the workers. */
export interface AppWorkers {
  /** Tells them that the settings have changed. */
  settingsChanged(): void;
  /** Has workers over these stores take the place of those that run. */
  storesChanged(stores: StoreSettings): void;
  /** Reaches them, too. */
  invalidation: Invalidation;
  /** How many there are. */
  count: number;
  /** Why they cannot answer: not all of them have begun to listen, or none listens now. */
  unready(): string | undefined;
  /** How many listen now. */
  listening(): number;
  /** The figures of each. */
  metrics(): Promise<Family[][]>;
}
