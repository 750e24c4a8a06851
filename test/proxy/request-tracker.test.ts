import { describe, expect, it } from 'vitest';
import type { ReplyEvent } from '../../src/proxy/observer.js';
import { RequestTracker, type TrackedRequest } from '../../src/proxy/request-tracker.js';
import { exchange } from './support/exchange.js';

function tracker() {
  const events: ReplyEvent[] = [];
  return { events, tracker: new RequestTracker({ replied: (event) => events.push(event) }, () => false) };
}

describe('RequestTracker', () => {
  it('tells of a reply once it has ended, once', async () => {
    const { events, tracker: tracked } = tracker();
    const { request, response, leave } = exchange({}, 'HEAD', '/x');
    tracked.track(request, response);
    tracked.track(request, response);
    (request as TrackedRequest).outcome = { module: 'corp.test/lib' };
    response.writeHead(404).end();
    expect(events).toEqual([]);
    await leave();
    expect(events).toEqual([
      expect.objectContaining({
        method: 'HEAD',
        url: '/x',
        status: 404,
        client: '127.0.0.1',
        aborted: false,
        outcome: { module: 'corp.test/lib' },
        principal: undefined,
        isRestricted: false,
      }),
    ]);
    expect(events[0]?.ms).toBeGreaterThan(0);
  });

  it('says 499 of a client that left before it was answered', async () => {
    const { events, tracker: tracked } = tracker();
    const { request, response, leave } = exchange();
    tracked.track(request, response);
    await leave();
    expect(events).toMatchObject([{ status: 499, aborted: true }]);
  });

  it('says the status that was sent, and that the body broke off', async () => {
    const { events, tracker: tracked } = tracker();
    const { request, response, leave } = exchange();
    tracked.track(request, response);
    response.writeHead(200).write('a part');
    await leave();
    expect(events).toMatchObject([{ status: 200, aborted: true }]);
  });

  it('tells at once of a response that is closed already', async () => {
    const { events, tracker: tracked } = tracker();
    const { request, response, leave } = exchange();
    await leave();
    tracked.track(request, response);
    expect(events).toHaveLength(1);
    await tracked.idle();
  });

  it('tells of a request that was never looked at, without a time', () => {
    const { events, tracker: tracked } = tracker();
    const { request, response } = exchange();
    tracked.abandoned(request, response);
    expect(events).toMatchObject([{ status: 499, ms: 0 }]);
  });

  it('knows who was admitted, and whether that needed a right', async () => {
    const { events, tracker: tracked } = tracker();
    const { request, response, leave } = exchange();
    Object.assign(request, { admission: { principal: { name: 'ci' }, audience: 'team' } });
    tracked.track(request, response);
    await leave();
    expect(events).toMatchObject([{ principal: 'ci', isRestricted: true }]);
  });

  it('is idle when the last request has ended', async () => {
    const { tracker: tracked } = tracker();
    await tracked.idle();
    const [one, two] = [exchange(), exchange()];
    for (const { request, response } of [one, two]) tracked.track(request, response);
    let idle = 0;
    const waiting = [tracked.idle(), tracked.idle()].map((each) => each.then(() => (idle += 1)));
    await one.leave();
    expect(idle).toBe(0);
    await two.leave();
    await Promise.all(waiting);
    expect(idle).toBe(2);
  });
});
