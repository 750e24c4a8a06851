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
