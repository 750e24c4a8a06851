import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { vanityFromSally } from '../../src/vanity/from-sally.js';
import { parseVanity } from '../../src/vanity/vanity-file.js';
import { tempDir } from '../support/tmp.js';

async function convert(text: string) {
  const file = join(await tempDir('sally'), 'sally.yaml');
  await writeFile(file, text);
  const converted = vanityFromSally(file);
  return { ...converted, map: parseVanity(converted.text, 'vanity.yaml', { defaultHost: '' }) };
}

describe('vanityFromSally', () => {
  it('makes a rule of every package', async () => {
    const { host, map } = await convert(`url: go.corp.example
godoc: { host: docs.corp.example }
packages:
  log:
    repo: github.com/corp/go-log
    description: "Logging: fast"
  rpc:
    repo: https://gitlab.corp.example/go/rpc.git
    branch: dev
  net/metrics: { repo: git.corp.example/metrics, url: go.other.example }
  old: { repo: hg.corp.example/old, vcs: hg }
`);
    expect([host, map.warnings.length]).toEqual(['go.corp.example', 1]); // hg is not fetched
    const repoOf = (path: string) => map.resolve(path)?.repos[0]?.url ?? map.resolve(path)?.foreign?.address;
    expect(repoOf('go.corp.example/log/zap')).toBe('https://github.com/corp/go-log');
    expect(repoOf('go.corp.example/rpc')).toBe('https://gitlab.corp.example/go/rpc.git');
    expect(repoOf('go.other.example/net/metrics')).toBe('https://git.corp.example/metrics');
    expect(repoOf('go.corp.example/old')).toBe('https://hg.corp.example/old');
  });

  it('knows a url with a path, and a file without packages', async () => {
    const { map } = await convert('url: corp.example/go/\npackages: { a: { repo: git.corp.example/a } }\n');
    expect(map.resolve('corp.example/go/a')?.root).toBe('corp.example/go/a');
    expect((await convert('url: corp.example\npackages: {}\n')).map.rules).toEqual([]);
  });

  it('says where a file is not one of sally', async () => {
    await expect(convert('url: corp.example\npackages: { a: { rep: x } }\n')).rejects.toThrow(
      /sally\.yaml:2:\d+: "packages\.a\.repo" must be text/,
    );
  });
});
