import type { VersionStore } from '../../../src/store/version-store.js';

/** `store` with some of its methods replaced. */
export function storeWith(store: VersionStore, replaced: Partial<VersionStore>): VersionStore {
  const derived = Object.create(store) as VersionStore;
  for (const [name, value] of Object.entries(replaced)) Object.defineProperty(derived, name, { value });
  return derived;
}
