import { expect, it } from 'vitest';
import { takeInheritedSocket } from '../../../src/cli/common/inherited-socket.js';

const passed = (env: NodeJS.ProcessEnv) => ({ env, socket: takeInheritedSocket(env, 42) });

it('takes the socket that is meant for this process, and the variables out of the environment', () => {
  expect(passed({ LISTEN_PID: '42', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x', HOME: '/h' })).toEqual({
    env: { HOME: '/h' },
    socket: { fd: 3 },
  });
});

it.each([
  [{}],
  [{ LISTEN_PID: '41', LISTEN_FDS: '1' }],
  [{ LISTEN_PID: '42' }],
  [{ LISTEN_PID: '42', LISTEN_FDS: '0' }],
])('takes none of %j', (env: NodeJS.ProcessEnv) => {
  expect(passed({ ...env })).toEqual({ env: {}, socket: undefined });
});

it('refuses several, because it could not say which it listens at', () => {
  expect(() => passed({ LISTEN_PID: '42', LISTEN_FDS: '2' })).toThrow('passes 2 sockets');
});
