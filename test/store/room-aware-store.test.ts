import { expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import { RoomAwareStore } from '../../src/store/room-aware-store.js';
import type { VersionStore } from '../../src/store/version-store.js';

it('cannot be written, says its probe, while there is no room, and is not touched then', async () => {
  let probes = 0;
  let shortage: ModhavenError | undefined = new ModhavenError('STORAGE', 'no room');
  const inner = { probe: () => Promise.resolve(void (probes += 1)) } as unknown as VersionStore;
  const store = new RoomAwareStore(inner, { shortage: () => Promise.resolve(shortage) });
  await expect(store.probe()).rejects.toThrow('no room');
  expect(probes).toBe(0);
  shortage = undefined;
  await store.probe();
  expect(probes).toBe(1);
});
