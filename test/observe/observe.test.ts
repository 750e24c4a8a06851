import { describe, expect, it } from 'vitest';
import { ModhavenError } from '../../src/errors.js';
import type { Activity, Began, Ended, Occurrence } from '../../src/observe/events.js';
import { measure, observeProcess, occurred, traceWith } from '../../src/observe/observe.js';

const QUEUE: Activity = { type: 'queue', host: 'git.example:22' };

/** What was told while `work` ran. */
async function toldDuring(work: () => Promise<unknown>) {
  const began: Began[] = [];
  const ended: Ended[] = [];
  const events: Occurrence[] = [];
  const stop = observeProcess({
    began: (event) => void began.push(event),
    ended: (event) => void ended.push(event),
    occurred: (event) => void events.push(event),
  });
  try {
    await work().catch(() => undefined);
  } finally {
    stop();
  }
  return { began, ended, events };
}

describe('measure', () => {
  it('returns what the work returns, and tells of its begin and its end once', async () => {
    let result: unknown;
    const { began, ended } = await toldDuring(async () => {
      result = await measure(QUEUE, () => Promise.resolve(7));
    });
    expect(result).toBe(7);
    expect(began).toMatchObject([{ activity: QUEUE }]);
    expect(ended).toMatchObject([{ id: began[0]?.id, activity: QUEUE, failure: undefined }]);
    expect(ended[0]?.ms).toBeGreaterThanOrEqual(0);
  });

  it('throws what the work throws, and tells its code', async () => {
    const failed = (error: unknown) => () => measure(QUEUE, () => Promise.reject(error as Error));
    const outage = new ModhavenError('HOST_TIMEOUT', 'the host is silent');
    await expect(failed(outage)()).rejects.toBe(outage);
    expect((await toldDuring(failed(outage))).ended).toMatchObject([{ failure: 'HOST_TIMEOUT' }]);
    expect((await toldDuring(failed(new TypeError('x')))).ended).toMatchObject([{ failure: 'TypeError' }]);
    expect((await toldDuring(failed('text'))).ended).toMatchObject([{ failure: 'unknown' }]);
  });

  it('gives activities that run at once ids of their own', async () => {
    const { began, ended } = await toldDuring(() =>
      Promise.all([1, 2].map((value) => measure(QUEUE, () => Promise.resolve(value)))),
    );
    expect(new Set(began.map(({ id }) => id)).size).toBe(2);
    expect(ended.map(({ id }) => id).sort()).toEqual(began.map(({ id }) => id).sort());
  });

  it('runs the work in what the tracer makes, once', async () => {
    const traced: string[] = [];
    traceWith({
      activity: async (activity, work) => {
        traced.push(activity.type);
        return work();
      },
      request: (_request, _response, work) => work(),
      outgoing: () => ({}),
    });
    try {
      await expect(measure(QUEUE, () => Promise.resolve('done'))).resolves.toBe('done');
    } finally {
      traceWith(undefined);
    }
    expect(traced).toEqual(['queue']);
  });
});

describe('occurred', () => {
  it('reaches those who listen then, and no observer afterwards', async () => {
    const drift: Occurrence = { type: 'drift', module: 'ex.com/m' };
    const { events } = await toldDuring(() => {
      occurred(drift);
      return Promise.resolve();
    });
    occurred(drift);
    expect(events).toEqual([drift]);
  });
});
