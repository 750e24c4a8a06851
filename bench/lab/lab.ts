/** What every bench works with: the corpus behind a git host, the servers, and how much to measure. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { gitHttpHost, type GitHttpHost } from '../../test/support/hosts/git-http-host.js';
import { removeTree, tempDir } from '../../test/support/tmp.js';
import { corpus } from '../corpus/corpus.js';
import type { Goal, Line, Role, Unit } from '../measure/line.js';
import { chooseCores, type Cores } from './cores.js';
import { modhaven, MODHAVEN, otherModhaven } from './modhaven.js';
import { peersOf } from './peers.js';
import type { Contender, RunningServer, StartOptions } from './server.js';

export interface LabOptions {
  /** Keeps the corpus. */
  dir: string;
  /** Another built checkout, measured in place of peers and limits. */
  against?: string | undefined;
  rounds: number;
  seconds: number;
  say: (text: string) => void;
}

export interface Lab {
  git: GitHttpHost;
  /** modhaven first, then its peers; in a comparison of two checkouts, the other one. */
  servers: readonly Contender[];
  /** Whether two checkouts are compared: then nothing else is measured. */
  isComparison: boolean;
  cores: Cores;
  /** How often everything is measured; medians are of so many. */
  rounds: number;
  /** Length of one load. */
  seconds: number;
  say: (text: string) => void;
}

export interface NamedServer extends RunningServer {
  name: string;
}

/** Starts the git host; `use` gets the lab, and everything is stopped after it. */
export async function withLab<T>(
  { dir, against, rounds, seconds, say }: LabOptions,
  use: (lab: Lab) => Promise<T>,
): Promise<T> {
  await mkdir(dir, { recursive: true });
  await using git = await gitHttpHost(await corpus(dir, say));
  return await use({
    git,
    servers: [
      modhaven(git.url),
      ...(against === undefined ? peersOf(process.env, git.url) : [await otherModhaven(git.url, against)]),
    ],
    isComparison: against !== undefined,
    cores: chooseCores(),
    rounds,
    seconds,
    say,
  });
}

/** Calls `use` with an empty directory and removes it afterwards. */
export async function withDir<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await tempDir('bench');
  try {
    return await use(dir);
  } finally {
    removeTree(dir);
  }
}

/** Calls `use` with a server that is stopped afterwards, whatever happens. */
export async function withServer<T>(
  contender: Contender,
  options: StartOptions,
  use: (server: RunningServer) => Promise<T>,
): Promise<T> {
  await using server = await contender.start(options);
  return await use(server);
}

/** The same with an empty cache. */
export async function withFreshServer<T>(
  contender: Contender,
  use: (server: RunningServer) => Promise<T>,
): Promise<T> {
  return withDir((dir) => withServer(contender, { dir }, use));
}

/** Calls `use` with all of `contenders`, each with an empty cache, running at the same time. */
export async function withServers<T>(
  contenders: readonly Contender[],
  options: Omit<StartOptions, 'dir'>,
  use: (servers: NamedServer[]) => Promise<T>,
): Promise<T> {
  return withDir(async (dir) => {
    const servers: NamedServer[] = [];
    try {
      for (const { name, start } of contenders) {
        const home = path.join(dir, name);
        await mkdir(home);
        servers.push({ ...(await start({ ...options, dir: home })), name });
      }
      return await use(servers);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });
}

export interface LineOptions<T> {
  name: string;
  unit: Unit;
  /** One number of a sample; undefined leaves it out. */
  value: (sample: T) => number | undefined;
  goals?: readonly Goal[];
}

/** What the servers are measured beside, `limits`, unless two checkouts are compared. */
export function besides<T>(lab: Lab, limits: readonly T[]): readonly T[] {
  return lab.isComparison ? [] : limits;
}

/** A line of the table from what `interleave` measured. A name that is not that of a server is a limit. */
export function lineOf<T>(
  lab: Lab,
  samples: ReadonlyMap<string, readonly T[]>,
  { name, unit, value, goals = [] }: LineOptions<T>,
): Line {
  const figures = [...samples].map(([contender, measured]) => ({
    name: contender,
    role: roleOf(lab, contender),
    samples: measured.map(value).filter((number) => number !== undefined),
  }));
  return { name, unit, goals, figures: figures.filter((figure) => figure.samples.length > 0) };
}

function roleOf(lab: Lab, name: string): Role {
  if (name === MODHAVEN) return 'modhaven';
  return lab.servers.some((server) => server.name === name) ? 'peer' : 'limit';
}

/** The escaped URL path of a file of a module in the corpus; none of them has upper-case letters. */
export function proxyPath(module: string, file: string): string {
  return path.posix.join('/', module, '@v', file);
}
