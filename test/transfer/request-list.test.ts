import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRequestList } from '../../src/transfer/request-list.js';
import { tempDir } from '../support/tmp.js';

describe('readRequestList', () => {
  it('asks for each version once, and for the zip only where something needs it', async () => {
    const dir = await tempDir('wanted');
    const [sum, mod] = [path.join(dir, 'go.work.sum'), path.join(dir, 'go.mod')];
    await writeFile(
      sum,
      'ex.test/a v1.0.0/go.mod h1:1=\nex.test/b v1.0.0/go.mod h1:2=\nex.test/b v1.0.0 h1:3=\n',
    );
    await writeFile(mod, 'module m\nrequire ex.test/c v1.0.0\n');
    expect(await readRequestList([sum, mod, 'ex.test/c@latest'])).toEqual([
      {
        module: 'ex.test/a',
        query: 'v1.0.0',
        zip: false,
        sums: [{ kind: 'mod', hash: 'h1:1=', place: `${sum}:1` }],
      },
      {
        module: 'ex.test/b',
        query: 'v1.0.0',
        zip: true,
        sums: [
          { kind: 'mod', hash: 'h1:2=', place: `${sum}:2` },
          { kind: 'zip', hash: 'h1:3=', place: `${sum}:3` },
        ],
      },
      { module: 'ex.test/c', query: 'v1.0.0', zip: true, sums: [] },
      { module: 'ex.test/c', query: 'latest', zip: true, sums: [] },
    ]);
  });

  it.each([
    { arg: 'ex.test/a', says: 'ex.test/a: no version is named' },
    { arg: 'ex.test/a@', says: 'ex.test/a@: no version is named' },
    { arg: 'foo@v1.0.0', says: 'foo@v1.0.0: malformed module path "foo": missing dot' },
    { arg: '/nonexistent/go.sum', says: '/nonexistent/go.sum: the file cannot be read' },
  ])('refuses $arg', async ({ arg, says }) => {
    await expect(readRequestList([arg])).rejects.toMatchObject({
      code: 'CONFIG',
      message: expect.stringContaining(says) as string,
    });
  });
});
