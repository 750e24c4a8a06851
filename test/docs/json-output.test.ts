/** What the commands print with `--json` is what docs/json says: all of its fields, and no others. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type z } from 'zod';
import { JSON_OUTPUT } from '../../scripts/reference/json-output.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import { modhaven } from '../support/server.js';
import { tempDir } from '../support/tmp.js';

type Output = keyof typeof JSON_OUTPUT;

/** In this order: some find what others left. */
const CALLS: readonly (readonly [Output, string[]])[] = [
  ['version', ['version']],
  ['token-add', ['token', 'add', 'ci', '--groups', 'a,b']],
  ['token-list', ['token', 'list']],
  ['warm', ['warm', 'my.corp/foo@v1.0.0', 'my.corp/bad@v1.0.0']],
  ['check', ['check']],
  ['explain', ['explain', 'my.corp/foo']],
  ['explain', ['explain', 'my.corp/bad@v1.0.0']],
  ['list', ['list']],
  ['verify', ['verify']],
  ['verify-against', ['verify', '--against', 'next.yaml']],
  ['export', ['export', 'tree']],
  ['export', ['export', 'tree', 'my.corp/foo@v1.9.0']],
  ['import', ['import', '--dry-run', 'tree']],
  ['gc', ['gc', '--dry-run', '--max-size', '0']],
  ['sumdb-status', ['sumdb', 'status']],
  ['sumdb-verify', ['sumdb', 'verify']],
  ['purge', ['purge', '--yes', 'my.corp/foo@v1.0.0', 'my.corp/foo@v9.0.0']],
  ['report', ['report']],
];

describe.skipIf(missing('git'))('the output of --json', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await tempDir('json-output');
    const foo = await repo(path.join(dir, 'foo.git'));
    await foo.write({ 'go.mod': 'module my.corp/foo\n', 'foo.go': 'package foo\n' }).commit('first');
    await foo.tag('v1.0.0');
    const vanity = (good: string) => `host: my.corp\npaths: { /foo: ${good}, /bad: ./none.git }\n`;
    await writeFile(path.join(dir, 'vanity.yaml'), vanity('./foo.git'));
    await writeFile(path.join(dir, 'next.yaml'), vanity('./elsewhere.git'));
    await writeFile(path.join(dir, 'modhaven.yaml'), 'listen: 127.0.0.1:9\n');
    await modhaven(['sumdb', 'keygen', '--name', 'sum.my.corp'], { cwd: dir });
    await writeFile(
      path.join(dir, 'modhaven.yaml'),
      'listen: 127.0.0.1:9\nauth: { tokens_file: ./tokens.yaml }\nsumdb: { name: sum.my.corp, key_file: ./sumdb.key }\n',
    );
  });

  it.each(CALLS)('%s: %j', async (output, args) => {
    const { stdout, stderr } = await modhaven([...args, '--json'], { cwd: dir });
    expect(stderr).toBe('');
    const printed: unknown = JSON.parse(stdout);
    const schema: z.ZodType = JSON_OUTPUT[output];
    const read = schema.safeParse(printed);
    expect(read.error?.issues ?? []).toEqual([]);
    // zod drops what it does not know: a field that the schema lacks would be missing here.
    expect(read.data).toEqual(printed);
  });

  it('is tried for every schema', () => {
    expect(Object.keys(JSON_OUTPUT).filter((name) => !CALLS.some(([output]) => output === name))).toEqual([]);
  });
});
