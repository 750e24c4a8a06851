import { expect, it } from 'vitest';
import { isRefusal, redisWords } from '../../src/redis/redis-words.js';

it.each([
  [
    'WRONGPASS invalid username-password pair or user is disabled.',
    'does not accept the user name or the password',
  ],
  ['NOAUTH Authentication required.', 'it wants a login'],
  ['ERR AUTH <password> called without any password configured for the default user.', 'it has no password'],
  ["NOPERM User app has no permissions to run the 'eval' command", 'its ACL does not let this user'],
  [
    "READONLY You can't write against a read only replica. script: 5f, on @user_script:11.",
    'a read-only copy',
  ],
  ["ERR Error running script (call to f_5): @user_script:1: -READONLY You can't write", 'a read-only copy'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'its memory is full'],
  ['MOVED 3999 127.0.0.1:6381', 'a node of a Redis Cluster'],
  ["CROSSSLOT Keys in request don't hash to the same slot", 'a node of a Redis Cluster'],
  ['CLUSTERDOWN Hash slot not served', 'a node of a Redis Cluster'],
  [
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    'a copy of another Redis',
  ],
  ['LOADING Redis is loading the dataset in memory', 'still loads its data'],
  ["ERR unknown command 'EVAL', with args beginning with:", 'a Sentinel'],
  ['ERR DB index is out of range', 'no database of the number'],
  ['DENIED Redis is running in protected mode', 'in protected mode'],
])('puts %j into words, and keeps what was said', (said, words) => {
  const text = redisWords(new Error(said));
  expect(text).toContain(words);
  expect(text).toContain(said.slice(0, 20));
  expect(text).not.toContain('\n');
});

it('tells what Redis refuses from a connection that failed', () => {
  expect(
    ['NOAUTH Authentication required.', 'Socket closed unexpectedly'].map((text) =>
      isRefusal(new Error(text)),
    ),
  ).toEqual([true, false]);
});

it('knows what the system says of a connection, and leaves what has no words', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
  expect(redisWords(refused)).toBe('nothing listens at its address (connect ECONNREFUSED 127.0.0.1:9)');
  // A name with several addresses: the error has no message of its own.
  const several = Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' });
  expect(redisWords(several)).toBe('nothing listens at its address (ECONNREFUSED)');
  expect(redisWords('no answer within 500 ms')).toBe('no answer within 500 ms');
});
