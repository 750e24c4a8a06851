/** Pushes and edits, whichever replica learned of them. A message between replicas that is lost costs time, not truth. */
import type { Logger } from './log/log.js';
import type { Faults } from './log/faults.js';
import type { Replicas } from './redis/replicas.js';
import type { Services } from './services.js';
import type { VanityMap } from './vanity/vanity-map.js';
import { readPush } from './webhook/payload.js';
import { PushHandler } from './webhook/push-handler.js';

export interface ReplicaPushesOptions {
  replicas: Replicas;
  services: Pick<Services, 'pushed' | 'ours'>;
  vanity: () => VanityMap;
  prefetch: () => boolean;
  /** What may change has changed. */
  changed: () => void;
  /** Reads the files again. */
  reload: () => void;
  lookForPurges: () => void;
  faults: Pick<Faults, 'guard' | 'caught'>;
  log: Pick<Logger, 'info' | 'warn'>;
}

export class ReplicaPushes {
  /** For the pushes that git hosts tell this replica. */
  readonly own: PushHandler;
  private readonly options: ReplicaPushesOptions;
  /** For those of other replicas, which fetch what was pushed. */
  private readonly passedOn: PushHandler;

  constructor(options: ReplicaPushesOptions) {
    const { services, vanity, prefetch, changed, replicas, log } = options;
    this.options = options;
    const shared = { vanity, host: { refresh: services.pushed }, modules: services.ours, log };
    this.own = new PushHandler({
      ...shared,
      prefetch,
      onPush(push) {
        changed();
        replicas.tellPush(push);
      },
    });
    this.passedOn = new PushHandler({ ...shared, prefetch: () => false, onPush: changed });
  }

  /** The files were read again: `isOwn` if no other replica said so, which the others are told; `redis` as it is now. */
  reloaded({ isOwn, redis }: { isOwn: boolean; redis: string | undefined }): void {
    const { replicas, faults } = this.options;
    if (isOwn) replicas.tellReload();
    replicas.use(redis).catch((error: unknown) => faults.caught(error, 'redis'));
  }

  /** Begins to listen to the other replicas. */
  listen(): void {
    const { replicas, faults, changed, reload, lookForPurges } = this.options;
    const listeners = {
      onPush: faults.guard('push of a replica', (pushed: unknown) => {
        const push = readPush(pushed);
        if (push !== undefined) this.passedOn.handle(push);
      }),
      onPurge: lookForPurges,
      onReload: faults.guard('reload', reload),
      onMissed: changed,
    };
    replicas.listen(listeners).catch((error: unknown) => faults.caught(error, 'redis'));
  }
}
