import { expect, it } from 'vitest';
import { measure, observeProcess } from '../../src/observe/observe.js';
import { createRunning } from '../../src/observe/running.js';

it('knows what has begun and not ended, oldest first', async () => {
  const running = createRunning();
  const stop = observeProcess(running);
  const ends: (() => void)[] = [];
  const hosts = ['one.example', 'two.example', 'three.example'];
  const works = hosts.map((host) =>
    measure({ type: 'queue', host }, () => new Promise<void>((resolve) => ends.push(resolve))),
  );
  const shown = () => running.report().map(({ activity }) => 'host' in activity && activity.host);
  expect(shown()).toEqual(hosts);
  ends[1]?.();
  await works[1];
  expect(shown()).toEqual(['one.example', 'three.example']);
  ends.forEach((end) => end());
  await Promise.all(works);
  stop();
  expect(shown()).toEqual([]);
});

it('knows the newest fetches, each with what was done for it', async () => {
  const running = createRunning();
  const stop = observeProcess(running);
  const fetch = (module: string, repository: string): Promise<void> =>
    measure({ type: 'fetch', source: 'git', kind: 'info', module, query: 'v1.0.0' }, () =>
      measure({ type: 'repository', module, repository }, async () => {
        await measure({ type: 'git', command: 'ls-refs', repository }, () => Promise.resolve());
      }),
    );
  await Promise.all([fetch('a.example/one', 'https://git/one'), fetch('a.example/two', 'https://git/two')]);
  stop();
  const shown = running
    .recent()
    .map(({ fetch: { activity }, phases }) => [
      'module' in activity && activity.module,
      phases.map(({ activity: phase }) => phase),
    ]);
  expect(shown).toEqual([
    ['a.example/two', [{ type: 'git', command: 'ls-refs', repository: 'https://git/two' }]],
    ['a.example/one', [{ type: 'git', command: 'ls-refs', repository: 'https://git/one' }]],
  ]);
});
