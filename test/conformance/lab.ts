/**
 * The hosts of the conformance suite, all on loopback: a git host, vanity pages for the oracle, and a forward proxy
 * through which both the oracle and modhaven reach `http://git.test/…`. So a repository's URL, which is part of
 * `.info`, is the same for both, and the same on every machine.
 */
import path from 'node:path';
import { forwardProxy, type ForwardProxy } from '../support/relays/forward-proxy.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { vanityPageHost } from '../support/hosts/vanity-page-host.js';
import { directEnv, type GoEnv } from './truth.js';
import type { Built, ConformanceCase } from './types.js';

const GIT_HOST = 'git.test';

export interface Lab {
  readonly proxy: ForwardProxy;
  readonly modhaven: ModhavenServer;
  /** The environment of the oracle: a go in direct mode. */
  readonly direct: GoEnv;
  /** Makes the repositories of a case. */
  build(testCase: ConformanceCase): Promise<Built>;
  stop(): Promise<void>;
}

/** Starts everything for these cases; `config` is modhaven.yaml. */
export async function startLab(
  cases: readonly ConformanceCase[],
  config: Record<string, unknown> = {},
): Promise<Lab> {
  const root = await tempDir('conformance');
  const git = await gitHttpHost(root);
  const rules = cases.flatMap(rulesOf);
  const pages = await vanityPageHost(
    rules.map(({ prefix, url, subdir }) =>
      [prefix, 'git', url, ...(subdir === undefined ? [] : [subdir])].join(' '),
    ),
  );
  const vanityHosts = new Set(rules.map(({ prefix }) => prefix.split('/')[0] ?? ''));
  const proxy = await forwardProxy({
    [GIT_HOST]: git.port,
    ...Object.fromEntries([...vanityHosts].map((host) => [host, pages.port])),
  });
  const modhaven = await startServer({
    config,
    vanity: {
      paths: Object.fromEntries(
        rules.map(({ prefix, url, subdir }) => [
          prefix,
          { repo: url, ...(subdir === undefined ? {} : { subdir }) },
        ]),
      ),
    },
    env: proxy.env,
  });
  return {
    proxy,
    modhaven,
    direct: directEnv(proxy.env, { url: `http://${GIT_HOST}`, root }),
    build: async (testCase) => {
      const made = await testCase.build(async (name, options) =>
        repo(path.join(root, testCase.name, `${name}.git`), options),
      );
      return made ?? {};
    },
    stop: async () => {
      await modhaven.stop();
      for (const host of [proxy, pages, git]) await host.stop();
    },
  };
}

/** Throws if two cases could get into each other's way. */
export function checkApart(cases: readonly ConformanceCase[]): void {
  const names = cases.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`two cases are called ${twice}`);
  const prefixes = cases.flatMap((testCase) =>
    Object.keys(testCase.rules).map((prefix) => ({ prefix: `${prefix}/`, of: testCase.name })),
  );
  for (const a of prefixes) {
    const b = prefixes.find((other) => other.of !== a.of && other.prefix.startsWith(a.prefix));
    if (b !== undefined) throw new Error(`${b.prefix} of ${b.of} lies in ${a.prefix} of ${a.of}`);
  }
}

function rulesOf(testCase: ConformanceCase): { prefix: string; url: string; subdir: string | undefined }[] {
  return Object.entries(testCase.rules).map(([prefix, { repo: name, subdir }]) => ({
    prefix,
    url: `http://${GIT_HOST}/${testCase.name}/${name}.git`,
    subdir,
  }));
}
