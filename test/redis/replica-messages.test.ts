import { expect, it } from 'vitest';
import { readMessage } from '../../src/redis/replica-messages.js';

it.each(['', 'null', '{"type":"push"}', '{"from":"a","type":"shutdown"}', '[1'])(
  'takes nothing from %j',
  (text) => {
    expect(readMessage(text)).toBeUndefined();
  },
);

it('reads what replicas of this version send', () => {
  expect(readMessage('{"from":"a","type":"push","push":{"forge":"gitea"}}')).toEqual({
    from: 'a',
    type: 'push',
    push: { forge: 'gitea' },
  });
});
