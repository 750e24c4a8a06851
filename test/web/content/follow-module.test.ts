import { expect, it } from 'vitest';
import { parseModulePath } from '../../../src/module/module-path.js';
import { measure } from '../../../src/observe/observe.js';
import { followModule } from '../../../src/web/content/follow-module.js';

const module = parseModulePath('example.com/One');

it('tells of what is done for a module, and of nothing that is done for others', async () => {
  const told: string[] = [];
  const names = new Map<number, string>();
  const stop = followModule(module, {
    began(id, name) {
      names.set(id, name);
      told.push(`${name} began`);
    },
    ended(id, _ms, failed) {
      if (names.has(id)) told.push(`${names.get(id) ?? ''} ${failed ? 'failed' : 'ended'}`);
    },
  });
  const git = (of: string, repository: string): Promise<void> =>
    measure({ type: 'repository', module: of, repository }, () =>
      measure({ type: 'git', command: 'fetch', repository }, () => Promise.resolve()),
    );
  await git(module, 'https://git.example/one');
  await git('example.com/two', 'https://git.example/two');
  const ask = (path: string): Promise<void> =>
    measure({ type: 'upstream', host: 'proxy.example', path }, () => Promise.reject(new Error('down')));
  await ask('example.com/!one/@v/list').catch(() => undefined);
  await ask('example.com/two/@v/list').catch(() => undefined);
  stop();
  await git(module, 'https://git.example/one');
  expect(told).toEqual([
    'git fetch began',
    'git fetch ended',
    'question to the upstream began',
    'question to the upstream failed',
  ]);
});
