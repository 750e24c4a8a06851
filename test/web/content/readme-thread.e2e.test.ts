/** The thread that makes HTML of a README, started as `render-readme.ts` starts it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { ReadmeWork } from '../../../src/web/content/render-readme.js';

it('says the HTML, and ends', async () => {
  const work: ReadmeWork = {
    text: '[a](a.go)',
    context: { ref: { module: 'example.com/m', version: 'v1.0.0' }, file: 'README.md', files: ['a.go'] },
  };
  const program = new URL('../../../dist/web/content/readme-thread.js', import.meta.url);
  const thread = new Worker(program, { workerData: work });
  const ended = once(thread, 'exit');
  const [html] = (await once(thread, 'message')) as [string];
  expect(html).toContain('<a href="/example.com/m@v1.0.0?tab=files&amp;file=a.go">');
  expect(await ended).toEqual([0]);
});
