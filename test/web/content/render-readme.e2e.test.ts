import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { renderMarkdown, type ReadmeContext } from '../../../src/web/content/readme.js';
import { renderReadme } from '../../../src/web/content/render-readme.js';

const program = fileURLToPath(new URL('../../../dist/web/content/readme-thread.js', import.meta.url));
const context: ReadmeContext = {
  ref: { module: 'example.com/m', version: 'v1.0.0' },
  file: 'README.md',
  files: ['README.md', 'docs/guide.md'],
};
const LINE = '* see [the guide](docs/guide.md), *or* not\n';
const long = LINE.repeat(1_000);

it('makes the same of a README in the thread as in place', async () => {
  const short = LINE.repeat(10);
  expect(await renderReadme(short, context, { program: '/there/is/none' })).toBe(
    renderMarkdown(short, context),
  );
  expect(await renderReadme(long, context, { program })).toBe(renderMarkdown(long, context));
});

it('leaves the event loop to others while it makes one that takes long', async () => {
  let turns = 0;
  const turn = setInterval(() => (turns += 1), 1);
  const done = renderReadme('|-'.repeat(100_000), context, { program });
  // What is made in place keeps this timer from firing at all.
  const first = await Promise.race([done.then(() => 'README'), untilTurn()]);
  expect(first).toBe('turn');
  expect(await done).toBeTypeOf('string');
  clearInterval(turn);

  async function untilTurn(): Promise<string> {
    while (turns < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    return 'turn';
  }
});

it('gives up a README that is too long, takes too long, or ends the thread', async () => {
  expect(await renderReadme('x'.repeat(300_000), context, { program })).toBeUndefined();
  expect(await renderReadme(long, context, { program, deadlineMs: 0 })).toBeUndefined();
  expect(await renderReadme(long, context, { program: '/there/is/none' })).toBeUndefined();
});
