/** What every place that answers requests owes to its observer: one event for each reply, however it was found or ended. */
import http from 'node:http';
import { connect } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ReplyEvent } from '../../src/proxy/observer.js';
import { ask, until } from '../support/ask.js';
import { MODULE, VERSION, REQUESTS } from './gate.js';

export interface ObservedServer {
  /** `http://127.0.0.1:PORT`. */
  url: string;
  /** What the modules behind it were asked. */
  work: readonly string[];
  [Symbol.asyncDispose](): Promise<void>;
}

const at = `/${MODULE}/@v`;
/** What is never answered. */
export const SLOW = '/ex.com/slow/@v/list';

/** `start` starts a server with the module of `gate.ts`, which tells `replied`. */
export function observerContract(
  name: string,
  start: (replied: (reply: ReplyEvent) => void) => Promise<ObservedServer>,
): void {
  describe(`the observer of ${name}`, () => {
    let told: ReplyEvent[];
    const replied = (reply: ReplyEvent): void => void told.push(reply);
    const arrived = async (count: number): Promise<ReplyEvent[]> =>
      until(
        () => told,
        (all) => all.length >= count,
      );

    beforeEach(() => {
      told = [];
    });

    it.each(REQUESTS)('is told of $name once, each time', async ({ path, method = 'GET', headers = {} }) => {
      await using server = await start(replied);
      const [statuses, sizes]: [number[], number[]] = [[], []];
      for (let i = 0; i < 3; i++) {
        const { status, bytes } = await ask(server.url, path, { method, headers });
        statuses.push(status);
        sizes.push(bytes.length);
      }
      await arrived(3);
      expect(
        told.map(({ method: m, url, status, client, principal, aborted }) => [
          m,
          url,
          status,
          client,
          principal,
          aborted,
        ]),
      ).toEqual(statuses.map((status) => [method, path, status, '127.0.0.1', 'anyone', false]));
      expect(told.map(({ bytes = 0 }) => bytes)).toEqual(sizes);
      for (const { ms } of told) expect(ms).toBeGreaterThanOrEqual(0);
    });

    it.each([`${at}/${VERSION}.info`, `${at}/${VERSION}.zip`, `${at}/list`])(
      'knows of %s what it is, cold and from memory',
      async (path) => {
        await using server = await start(replied);
        for (let i = 0; i < 3; i++) await ask(server.url, path);
        await arrived(3);
        for (const { outcome } of told) {
          expect(outcome).toMatchObject({
            module: MODULE,
            ...(!path.endsWith('list') && { version: VERSION }),
          });
        }
        expect(told.at(-1)?.outcome?.cache).toBe('hit');
        expect(told.at(-1)?.cached).toBeDefined();
      },
    );

    it('is told of each pipelined request, also of those whose client leaves', async () => {
      await using server = await start(replied);
      await ask(server.url, `${at}/${VERSION}.zip`);
      told = [];
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1').pause();
      socket.on('error', () => undefined);
      socket.write(`GET ${at}/${VERSION}.zip HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(300));
      await arrived(1);
      socket.destroy();
      expect(await arrived(300)).toHaveLength(300);
    });

    it('is told when a client leaves in the middle', async () => {
      await using server = await start(replied);
      const socket = http.get(`${server.url}${SLOW}`, { agent: false }).on('error', () => undefined);
      await until(
        () => server.work,
        (done) => done.includes('modules.list'),
      );
      socket.destroy();
      expect(await arrived(1)).toMatchObject([{ url: SLOW, status: 499, aborted: true, cached: undefined }]);
    });
  });
}
