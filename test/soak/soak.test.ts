/** A short soak; `npm run soak -- --minutes 10` is the long one. */
import { expect, it } from 'vitest';
import { soak } from './soak.js';

it('memory, handles and children are flat under many clients, and every answer is right', async () => {
  const lines: string[] = [];
  const { problems, samples } = await soak({
    clients: 100,
    modules: 200,
    seconds: 18,
    every: 1,
    say: (line) => lines.push(line),
  });
  expect(problems, lines.join('\n')).toEqual([]);
  expect(samples).toHaveLength(18);
});
