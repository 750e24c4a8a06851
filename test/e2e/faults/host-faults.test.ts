/** A git host fails in the middle of each phase of a question: an outage in words, never a fact, and over once it is well. */
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipHash } from '../../conformance/module-hash.js';
import { gitHttpHost } from '../../support/hosts/git-http-host.js';
import { repo } from '../../support/git/git-repo.js';
import { missing, type Program } from '../../support/requirements.js';
import type { Env } from '../../support/run.js';
import { sshdHost } from '../../support/hosts/sshd-host.js';
import { startServer, type ModhavenServer } from '../../support/server.js';
import { tempDir } from '../../support/tmp.js';
import { ask, until, type Answer } from '../../support/ask.js';
import { faultyHttp, faultyTcp, type FaultyHost, type Fault } from '../../support/relays/faulty-host.js';
import { noise } from '../../support/noise.js';

/**
 * After so long a host that says no more has failed, for the server that hosts are silent to: the other faults are seen at
 * once, so a machine under load need not be quick for them.
 */
const TIMEOUT_S = 3;

interface Started {
  faulty: FaultyHost;
  base: string;
  env: Env;
  stop(): Promise<void>;
}

interface Kind {
  name: string;
  needs: Program[];
  faults: Fault[];
  start: (root: string) => Promise<Started>;
}

const KINDS: Kind[] = [
  { name: 'http, protocol v2', needs: ['git'], faults: ['cut', 'hang', 'garbage', 'error'], start: overHttp },
  {
    name: 'http, protocol v0',
    needs: ['git'],
    faults: ['cut', 'hang', 'garbage', 'error'],
    start: (root) => overHttp(root, false),
  },
  { name: 'ssh', needs: ['git', 'ssh', 'sshd'], faults: ['cut', 'hang', 'garbage'], start: overSsh },
];

async function overHttp(root: string, protocolV2 = true): Promise<Started> {
  const host = await gitHttpHost(root, { protocolV2, allowFilter: protocolV2 });
  const faulty = await faultyHttp(host.port);
  const stop = async (): Promise<void> => {
    await faulty.stop();
    await host.stop();
  };
  return { faulty, base: `http://127.0.0.1:${faulty.port}/`, env: {}, stop };
}

async function overSsh(root: string): Promise<Started> {
  const host = await sshdHost(root, { protocolV2: false });
  const faulty = await faultyTcp(host.port);
  const stop = async (): Promise<void> => {
    await faulty.stop();
    await host.stop();
  };
  const env = host.gitEnv({ HostKeyAlias: `[127.0.0.1]:${host.port}` });
  return { faulty, base: host.url('').replace(`:${host.port}/`, `:${faulty.port}/`), env, stop };
}

for (const { name, needs, faults, start } of KINDS) {
  describe.skipIf(missing(...needs))(`a host that is asked over ${name}`, () => {
    let root: string;
    let host: Started;
    let patient: ModhavenServer;
    let hasty: ModhavenServer;
    let modules = 0;

    beforeAll(async () => {
      root = await tempDir('faults');
      const made = await repo(path.join(root, 'lib.git'));
      await made.write({ 'x.go': 'package lib\n', 'noise.bin': noise(200_000) }).commit('one');
      // So that half of the refs is more than what ssh says before them.
      await made.manyTags(Array.from({ length: 120 }, (_, i) => `v1.0.${i}`));
      host = await start(root);
      const vanity = { host: 'faults.example', paths: { '/{n}/{name}': `${host.base}{n}/{name}.git` } };
      const seconds = `${TIMEOUT_S}s`;
      const config = { vcs: { timeout: seconds, connect_timeout: seconds } };
      [patient, hasty] = await Promise.all([
        startServer({ vanity, env: host.env }),
        startServer({ vanity, env: host.env, config }),
      ]);
    });
    afterAll(async () => {
      await patient.stop();
      await hasty.stop();
      await host.stop();
    });

    /** The path of a version that was not asked for before. */
    async function cold(part: 'info' | 'zip'): Promise<string> {
      const folder = `m${(modules += 1)}`;
      await mkdir(path.join(root, folder));
      await symlink('../lib.git', path.join(root, folder, 'lib.git'));
      return `/faults.example/${folder}/lib/@v/v1.0.7.${part}`;
    }

    /** The answer once it is 200: a machine under load may take longer than the time limit for git. */
    const well = async (server: ModhavenServer, question: string): Promise<Answer> =>
      until(
        () => ask(server.url, question),
        ({ status }) => status === 200,
      );

    async function expectRight(question: string, { status, text, bytes }: Answer): Promise<void> {
      expect(status, text).toBe(200);
      if (question.endsWith('.info')) expect(JSON.parse(text)).toMatchObject({ Version: 'v1.0.7' });
      else expect(await zipHash(bytes)).toMatch(/^h1:/);
    }

    // Each phase that hangs takes all of the time limit.
    const partsOf = (fault: Fault) => (fault === 'hang' ? (['zip'] as const) : (['info', 'zip'] as const));

    it.each(faults.flatMap((fault) => partsOf(fault).map((part) => ({ fault, part }))))(
      '$fault in each phase of a .$part',
      async ({ fault, part }) => {
        const server = fault === 'hang' ? hasty : patient;
        const reference = await cold(part);
        // What is asked for once for the host, not for each module, belongs to no phase.
        await expectRight(reference, await well(server, await cold(part)));
        host.faulty.reset();
        await expectRight(reference, await well(server, reference));
        const phases = [...host.faulty.seen()];
        expect(phases.length).toBeGreaterThan(0);
        for (const [n, { about }] of phases.entries()) {
          const question = await cold(part);
          host.faulty.reset();
          host.faulty.breakFrom(n, fault);
          const answer = await ask(server.url, question);
          const what = `${about} (${n + 1} of ${phases.length}): ${answer.status} ${answer.text.slice(0, 600)}`;
          expect([502, 504], what).toContain(answer.status);
          expect(host.faulty.hasBroken(), what).toBe(true);
          expect(answer.headers['content-type'], what).toContain('text/plain');
          expect(answer.text.split('\n').length, what).toBeGreaterThan(1);
          if (fault === 'hang') expect(answer.text, what).toMatch(/\d s\b|took|time/);
          host.faulty.reset();
          // A host that said nothing is left alone for some seconds.
          const next = fault === 'hang' ? await well(server, question) : await ask(server.url, question);
          await expectRight(question, next);
        }
      },
    );
  });
}
