/** The Dockerfile of deploy/: how tests read it, and the rules of hadolint that can be told without it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { copyOf, execForm, lastOf, stagesOf, type Step } from './dockerfile.js';

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

describe('deploy/docker/Dockerfile', () => {
  const project = fileURLToPath(new URL('../..', import.meta.url));
  const file = path.join(project, 'deploy/docker/Dockerfile');
  let text: string;
  let build: Step[];
  let image: Step[];

  beforeAll(async () => {
    text = await readFile(file, 'utf8');
    [build = [], image = []] = stagesOf(text);
  });

  it('copies what the build runs, and the context has what is copied', async () => {
    const { scripts } = z
      .object({ scripts: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile(path.join(project, 'package.json'), 'utf8')));
    const copied = [...build, ...image]
      .filter(({ instruction }) => instruction === 'COPY')
      .map(copyOf)
      .flatMap(({ from, names }) => (from === undefined ? names : []));
    const [, script = ''] = /^node (\S+)$/.exec(scripts.build ?? '') ?? [];
    expect(copied).toContain(script);
    const ignore = await readFile(`${file}.dockerignore`, 'utf8');
    expect(ignore.split('\n')).toEqual(['*', ...copied.map((name) => `!${name}`), '']);
  });

  it('names releases of its bases, and the newest of none', () => {
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(bases).toHaveLength(2);
    for (const base of bases) expect(base).toMatch(/^[\w/.-]+:\d[\w.-]*$/);
  });

  it('keeps no package lists, and adds nothing from afar', () => {
    const runs = image.filter(({ instruction }) => instruction === 'RUN');
    for (const { rest } of runs.filter((run) => run.rest.includes('apt-get update'))) {
      expect(rest).toContain('--no-install-recommends');
      expect(rest).toContain('rm -rf /var/lib/apt/lists/*');
    }
    expect([...build, ...image].map(({ instruction }) => instruction)).not.toContain('ADD');
  });

  it('runs one command in exec form, as an account that is not root, with a health check', () => {
    const times = (name: string) => image.filter(({ instruction }) => instruction === name).length;
    for (const name of ['CMD', 'ENTRYPOINT', 'USER', 'HEALTHCHECK']) {
      expect([name, times(name)]).toEqual([name, 1]);
    }
    for (const name of ['CMD', 'ENTRYPOINT', 'HEALTHCHECK']) {
      expect(execForm(lastOf(image, name)).length).toBeGreaterThan(0);
    }
    expect(Number(lastOf(image, 'USER'))).toBeGreaterThan(0);
  });
});
