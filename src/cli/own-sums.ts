/** What our own checksum database records, for commands that copy versions into a store. */
import type { Config } from '../config/load-config.js';
import { createLog } from '../log/log.js';
import type { ModulePath } from '../module/module-path.js';
import { sharedLogs } from '../services.js';
import { openStores } from '../store/open/open-stores.js';
import { openOwnDatabase } from '../sumdb/log/own-database.js';
import type { RecordedSum } from '../transfer/request-list.js';

/** What our own checksum database has of a version: nothing else may be stored of it, wherever it comes from. */
export function ownSums(config: Config): (module: ModulePath, version: string) => Promise<RecordedSum[]> {
  const { cacheDir, sumdb } = config;
  if (sumdb === undefined) return () => Promise.resolve([]);
  const { log } = createLog({ level: 'silent', readable: false });
  const { name: place, recorded } = openOwnDatabase(cacheDir, sumdb, log, {
    shared: sharedLogs(openStores(config)),
  });
  return async (module, version) => {
    const sums = await recorded(module, version);
    if (sums === undefined) return [];
    return [
      { kind: 'zip', hash: sums.zip, place },
      { kind: 'mod', hash: sums.mod, place },
    ];
  };
}
