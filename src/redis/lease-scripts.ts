/** What leases do in Redis, each in one step there (Lua), and the keys that they use. */

/** The keys of the replicas that share one store; those of another store use others in the same Redis. */
export class LeaseKeys {
  /**
   * A name for the time since the last push or edit: what was found not to exist before one may exist after it. A push
   * removes it, which a full Redis does, too, and the next lease gives a new one. No name comes twice, so that an answer
   * from before a Redis was emptied is not believed after it.
   */
  readonly epoch: string;
  readonly fence: string;
  private readonly prefix: string;

  constructor(scope: string) {
    this.prefix = keyPrefix(scope);
    this.epoch = `${this.prefix}epoch`;
    this.fence = `${this.prefix}fence`;
  }

  lease(key: string): string {
    return `${this.prefix}lease:${key}`;
  }

  /** Where it stands that something does not exist. */
  refused(key: string, epoch: string): string {
    return `${this.prefix}refused:${epoch}:${key}`;
  }
}

/** Before everything that replicas of one store have in Redis, channels included: these know no databases. */
export function keyPrefix(scope: string): string {
  return `modhaven:${scope}:`;
}

/**
 * Takes a lease that is free, with the next number in its value, unless it is known that there is nothing to fetch.
 * Keys: the lease, the counter of leases, the epoch. Arguments: the token, the time, what `refused` has before
 * and behind the epoch. Answers with the number (0: not taken), the epoch and what is known (empty: nothing).
 */
export const ACQUIRE = `
local epoch = redis.call('get', KEYS[3])
if epoch then
  local refused = redis.call('get', ARGV[3] .. epoch .. ARGV[4])
  if refused then return { 0, epoch, refused } end
else
  epoch = ARGV[1]
  redis.call('set', KEYS[3], epoch)
end
local fence = redis.call('incr', KEYS[2])
if redis.call('set', KEYS[1], ARGV[1] .. ':' .. fence, 'NX', 'PX', ARGV[2]) then return { fence, epoch, '' } end
return { 0, epoch, '' }`;

/** Ends a lease, if it is still the one of this holder: its value begins with the token. */
export const RELEASE = `
local value = redis.call('get', KEYS[1])
if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;

/** Prolongs a lease, if its value is still this one. */
export const PROLONG = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;
