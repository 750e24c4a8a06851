/** What leases do in Redis, each in one step there (Lua), and the keys that they use. */

const PREFIX = 'modhaven:';

/** Counts pushes and edits: what was found not to exist before one may exist after it. */
export const EPOCH = `${PREFIX}epoch`;
export const FENCE = `${PREFIX}fence`;

export function leaseKey(key: string): string {
  return `${PREFIX}lease:${key}`;
}

/** Where it stands that something does not exist. */
export function refusedKey(key: string, epoch: string): string {
  return `${PREFIX}refused:${epoch}:${key}`;
}

/**
 * Takes a lease that nobody holds, with the next number in its value, unless it is known that there is nothing to fetch.
 * Keys: the lease, the counter of leases, that of pushes. Arguments: the token, the time, what `refusedKey` has before
 * and behind the epoch. Answers with the number (0: not taken), the epoch and what is known (empty: nothing).
 */
export const ACQUIRE = `
local epoch = redis.call('get', KEYS[3]) or '0'
local refused = redis.call('get', ARGV[3] .. epoch .. ARGV[4])
if refused then return { 0, epoch, refused } end
local fence = redis.call('incr', KEYS[2])
if redis.call('set', KEYS[1], ARGV[1] .. ':' .. fence, 'NX', 'PX', ARGV[2]) then return { fence, epoch, '' } end
return { 0, epoch, '' }`;

/** Ends a lease, if it is still the one of this holder: its value begins with the token. */
export const RELEASE = `
local value = redis.call('get', KEYS[1])
if value and string.sub(value, 1, #ARGV[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end`;

/** Prolongs a lease, if its value is still this one. */
export const PROLONG = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end`;
