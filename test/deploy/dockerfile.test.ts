import { expect, it } from 'vitest';
import { copyOf, execForm, lastOf, stagesOf } from './dockerfile.js';

it('reads stages and steps, over line ends and comments', () => {
  const stages = stagesOf(
    '# a\nFROM x AS build\nCOPY a b ./\nRUN one \\\n  && two\n\nFROM y\nUSER 1\nCOPY --from=build /a /b/\nUSER 2\nCMD ["serve"]\n',
  );
  expect(stages.map((steps) => steps.map(({ instruction, rest }) => `${instruction} ${rest}`))).toEqual([
    ['COPY a b ./', 'RUN one && two'],
    ['USER 1', 'COPY --from=build /a /b/', 'USER 2', 'CMD ["serve"]'],
  ]);
  const [[first] = [], second = []] = stages;
  expect(first && copyOf(first)).toEqual({ from: undefined, names: ['a', 'b'], target: './' });
  expect(second[1] && copyOf(second[1])).toEqual({ from: 'build', names: ['/a'], target: '/b/' });
  expect(lastOf(second, 'USER')).toBe('2');
  expect(execForm('--interval=10s CMD ["a", "b c"]')).toEqual(['a', 'b c']);
});
