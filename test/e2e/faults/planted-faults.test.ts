/**
 * A server whose disk fails at one operation of a cold request, for each of them: the answer is right or an outage, the server
 * lives, and the next question is answered.
 */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULT_CODES, STRIDE, type FaultCode } from '../../support/process/faulty-fs.js';
import { gitHttpHost, type GitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing } from '../../support/requirements.js';
import { modhaven, startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { filesHash, zipHash } from '../../conformance/module-hash.js';
import { ask, until, type Answer } from '../../support/ask.js';

const FAULTY_FS = new URL('../../support/process/faulty-fs.mjs', import.meta.url).href;
const PARTS = ['info', 'mod', 'zip'] as const;
/** More than a cold request makes. */
const MAX_OPERATIONS = 400;
const FILES = { 'a.go': 'package a\n', 'b.bin': 'x'.repeat(100_000) };

function hashOf(module: string): string {
  const files = Object.entries(FILES).map(([name, content]) => ({
    name: Buffer.from(`${module}@v1.0.0/${name}`),
    content: Buffer.from(content),
  }));
  return filesHash(files);
}

describe.skipIf(missing('git'))('a server whose disk fails at one operation', () => {
  let git: GitHttpHost;
  let root: string;
  let server: ModhavenServer;
  let planFile: string;

  const plan = async (at: number, code: FaultCode): Promise<void> =>
    writeFile(planFile, JSON.stringify({ id: `${code} ${at}`, root: server.cacheDir, at, code }));
  const hasFired = (at: number, code: FaultCode): boolean =>
    existsSync(`${planFile}.fired`) && readFileSync(`${planFile}.fired`, 'utf8') === `${code} ${at}`;

  /** Wrong is what is neither right nor an outage. */
  async function problemOf(
    module: string,
    part: string,
    { status, bytes, text }: Answer,
  ): Promise<string | undefined> {
    if (status === 502 || status === 503) return undefined;
    if (status !== 200) return `${status}: ${text}`;
    if (part === 'zip') return (await zipHash(bytes)) === hashOf(module) ? undefined : 'another zip';
    if (part === 'mod') return text === `module ${module}\n` ? undefined : `it says ${text}`;
    return (JSON.parse(text) as { Version: string }).Version === 'v1.0.0' ? undefined : `it says ${text}`;
  }

  beforeAll(async () => {
    root = await tempDir('planted');
    const made = await repo(path.join(root, 'lib.git'));
    await made.write(FILES).commit('one');
    await made.tag('v1.0.0');
    git = await gitHttpHost(root);
    planFile = path.join(await tempDir('plan'), 'plan.json');
    await writeFile(planFile, '{}');
    server = await startServer({
      config: { cache: { memory: 0 } },
      vanity: { host: 'planted.example', paths: { '/{round}': `${git.url}/{round}/lib.git` } },
      env: { NODE_OPTIONS: `--import ${FAULTY_FS}`, FAULTY_FS_PLAN: planFile },
    });
  });
  afterAll(async () => {
    await server.stop();
    await git.stop();
  });

  it.each(FAULT_CODES)('%s', async (code) => {
    const problems: string[] = [];
    for (let at = 1 + (FAULT_CODES.indexOf(code) % STRIDE); at <= MAX_OPERATIONS; at += STRIDE) {
      const name = `${code.toLowerCase()}${at}`;
      await mkdir(path.join(root, name));
      await symlink('../lib.git', path.join(root, name, 'lib.git'));
      const module = `planted.example/${name}`;
      const get = (part: string): Promise<Answer> => ask(server.url, `/${module}/@v/v1.0.0.${part}`);
      await plan(at, code);
      for (const part of PARTS) {
        const problem = await problemOf(module, part, await get(part));
        if (problem !== undefined) problems.push(`operation ${at}, ${part}: ${problem}`);
      }
      await writeFile(planFile, '{}');
      for (const part of PARTS) {
        const after = await until(
          () => get(part),
          ({ status }) => status === 200,
        );
        const problem =
          (await problemOf(module, part, after)) ?? (after.status === 200 ? undefined : after.text);
        if (problem !== undefined) problems.push(`after operation ${at}, ${part}: ${problem}`);
      }
      if (!hasFired(at, code)) break;
    }
    expect(problems).toEqual([]);
    expect((await ask(server.url, '/-/healthz')).status).toBe(200);
    const { code: exit, stdout } = await modhaven(['verify', '--config', server.configFile]);
    expect([exit, stdout]).toEqual([0, stdout]);
  });
});
