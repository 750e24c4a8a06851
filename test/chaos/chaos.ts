/**
 * Kills a server, one of its workers, `warm`, `gc` and `import` at moments of chance, and looks after each kill at what is
 * left: files that a reader could see are whole, everything is served as its origin has it, temporary files of the dead
 * go, and no child lives on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../support/ask.js';
import { killGroup, sealedEnv } from '../support/run.js';
import { CLI, modhaven, startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { askFor, PARTS, pathOf } from './answers.js';
import { processesNaming, survivors, withDescendants, type Process } from './processes.js';
import { Random } from './random.js';
import { leftovers, storedProblems } from './stored.js';
import { Traffic } from './traffic.js';
import { World, type Truth } from './world.js';

export interface ChaosOptions {
  kills: number;
  seed: number;
  say: (line: string) => void;
}

export interface ChaosResult {
  kills: Record<Victim, number>;
  /** Whole answers to the clients, of all rounds. */
  answers: number;
  findings: string[];
}

const VICTIMS = [
  'server',
  'server with workers',
  'worker',
  'starting server',
  'warm',
  'gc',
  'import',
] as const;
type Victim = (typeof VICTIMS)[number];

const CLIENTS = 8;
/** How long a server works before it is killed, at most; a command takes about that long. */
const AT_MOST_MS = 1500;
/**
 * How long children of a killed process, and what it left, may be there. A process needs some 0.1 s of processor time to
 * end, for which it may wait long among others; what lives on does so for ever.
 */
const SOON_MS = 60_000;
/** Of the log of each server, with a finding. */
const LOG_LINES = 30;
/** After so many rounds a new cache begins, because each `verify` reads all of it. */
const ROUNDS_OF_A_CACHE = 8;

export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const random = new Random(options.seed);
  await using world = await World.create(random);
  await using run = new Chaos(world, random, options.say);
  // All of them in a first lap, whatever the seed.
  const victims = Array.from({ length: options.kills }, (_, n) => VICTIMS[n] ?? random.pick(VICTIMS));
  for (const [n, victim] of victims.entries()) await run.round(n, victim);
  return run.result;
}

class Chaos {
  readonly result: ChaosResult;
  readonly #world: World;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  #dir = '';
  #running: { server: ModhavenServer; workers: number } | undefined;
  /** The last two that were started: the one that was killed, and the one after it. */
  #servers: ModhavenServer[] = [];
  /** Names the processes of this run in their environment. */
  readonly #mark = `chaos-${process.pid}`;

  constructor(world: World, random: Random, say: (line: string) => void) {
    this.#world = world;
    this.#random = random;
    this.#say = say;
    const kills = Object.fromEntries(VICTIMS.map((victim) => [victim, 0])) as Record<Victim, number>;
    this.result = { kills, answers: 0, findings: [] };
  }

  /** One kill, and the judgement of what it left. */
  async round(n: number, victim: Victim): Promise<void> {
    const before = this.result.findings.length;
    const versions = await this.#world.modules(n);
    const begun = Date.now();
    const find = (what: string): void => {
      const finding = `round ${n}, ${victim}: ${what}`;
      this.result.findings.push(finding);
      this.#say(`FOUND in ${finding}`);
    };
    if (n % ROUNDS_OF_A_CACHE === 0) {
      await this.#end(find);
      this.#dir = await tempDir('chaos');
    }
    const asked = await this.#kill(n, victim, versions, find);
    this.result.kills[victim] += 1;
    await this.#judge(asked, versions, find);
    if (this.result.findings.length > before) this.#say(this.#lastLines());
    this.#say(
      `${String(n + 1).padStart(5)}  ${victim.padEnd(20)} ${((Date.now() - begun) / 1000).toFixed(1)} s` +
        (this.result.findings.length > before ? '  FOUND' : ''),
    );
  }

  /** Kills `victim`; what clients had asked for until then, the last first. */
  async #kill(n: number, victim: Victim, versions: Truth[], find: (what: string) => void): Promise<Truth[]> {
    if (victim === 'starting server') {
      await this.#end(find);
      const args = ['serve', '--config', path.join(this.#dir, 'modhaven.yaml'), '--listen', '127.0.0.1:0'];
      await this.#killCommand(args, find);
      return [];
    }
    const server = await this.#serverFor(victim, find);
    const traffic = new Traffic(server.url, versions, this.#random, CLIENTS);
    switch (victim) {
      case 'server':
      case 'server with workers':
        await sleep(this.#random.below(AT_MOST_MS));
        await this.#killServer(server, traffic, find);
        break;
      case 'worker':
        await sleep(this.#random.below(AT_MOST_MS));
        await this.#killWorker(server, traffic);
        break;
      case 'warm':
      case 'gc':
      case 'import':
        await this.#killCommand(await this.#command(n, victim, versions), find);
    }
    await traffic.stop();
    for (const problem of traffic.problems) find(problem);
    this.result.answers += traffic.answers;
    return traffic.asked.reverse();
  }

  /** The server that runs, or a new one if there is none or it has not as many workers as its end needs. */
  async #serverFor(victim: Victim, find: (what: string) => void): Promise<ModhavenServer> {
    let workers = this.#running?.workers ?? this.#random.pick([1, 2]);
    if (victim === 'server') workers = 1;
    if (victim === 'server with workers' || victim === 'worker') workers = 2;
    if (this.#running !== undefined && this.#running.workers !== workers) await this.#end(find);
    this.#running ??= { workers, server: await this.#start(workers) };
    return this.#running.server;
  }

  /** Ends the server that runs in good order. */
  async #end(find: (what: string) => void): Promise<void> {
    if (this.#running === undefined) return;
    const { server } = this.#running;
    this.#running = undefined;
    await server.stop();
    const { code } = await server.exited;
    if (code !== 0) find(`the server ended with ${code}:\n${server.logs().slice(-2000)}`);
  }

  /** What the servers of this round, the last ones that ran, said at their ends. */
  #lastLines(): string {
    const logs = this.#servers.map((server) => server.logs().trimEnd().split('\n').slice(-LOG_LINES));
    return ['the last lines of the log:', ...logs.flat(), ''].join('\n');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.server.stop();
  }

  async #start(workers: number): Promise<ModhavenServer> {
    const server = await startServer({
      dir: this.#dir,
      config: { workers, refresh: '1s' },
      vanity: this.#world.vanity,
      env: this.#env,
      args: ['--log-level', 'warn'],
    });
    this.#servers = [...this.#servers.slice(-1), server];
    return server;
  }

  get #env(): Record<string, string | undefined> {
    return { ...this.#world.env, CHAOS_MARK: this.#mark };
  }

  async #command(n: number, victim: Victim, versions: readonly Truth[]): Promise<string[]> {
    const config = ['--config', path.join(this.#dir, 'modhaven.yaml')];
    if (victim === 'gc') return ['gc', ...config, '--max-size', '1'];
    if (victim === 'warm') {
      return ['warm', ...config, ...versions.map(({ module, version }) => `${module}@${version}`)];
    }
    const tree = await this.#world.importTree(n);
    this.#imported.push(...tree.versions);
    return ['import', ...config, tree.dir];
  }

  readonly #imported: Truth[] = [];

  /** Kills a command at a moment of the time that it takes, about. */
  async #killCommand(args: string[], find: (what: string) => void): Promise<void> {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: sealedEnv({ HOME: path.join(this.#dir, 'home'), ...this.#env }),
      stdio: 'ignore',
      detached: true,
    });
    const ended = once(child, 'exit');
    await Promise.race([ended, sleep(200 + this.#random.below(AT_MOST_MS))]);
    const tree = stopped(child.pid ?? 0);
    child.kill('SIGKILL');
    await ended;
    await this.#expectGone(tree, find);
  }

  async #killWorker(server: ModhavenServer, traffic: Traffic): Promise<void> {
    const workers = withDescendants(server.pid).filter(({ command }) => command.includes('worker.js'));
    // Connections that the worker held end with it, others do not notice.
    traffic.killed();
    const worker = workers.length > 0 ? [this.#random.pick(workers)] : [];
    for (const { pid } of worker) process.kill(pid, 'SIGKILL');
    await until(
      () => survivors(worker),
      (alive) => alive.length === 0,
      SOON_MS,
    );
    traffic.replaced();
    await sleep(this.#random.below(AT_MOST_MS));
  }

  async #killServer(server: ModhavenServer, traffic: Traffic, find: (what: string) => void): Promise<void> {
    traffic.killed();
    const tree = stopped(server.pid);
    server.signal('SIGKILL');
    await server.exited;
    this.#running = undefined;
    await this.#expectGone(tree, find);
  }

  async #expectGone(tree: readonly Process[], find: (what: string) => void): Promise<void> {
    const left = await until(
      () => survivors(tree),
      (alive) => alive.length === 0,
      SOON_MS,
    );
    for (const { command } of left) find(`this process lives on: ${command}`);
    for (const { pid } of left) killGroup(pid, 'SIGKILL');
  }

  /** What is true after every kill. */
  async #judge(
    asked: readonly Truth[],
    versions: readonly Truth[],
    find: (what: string) => void,
  ): Promise<void> {
    const cacheDir = path.join(this.#dir, 'data');
    if (this.#running === undefined) {
      for (const { command } of processesNaming(this.#mark)) find(`this process lives on: ${command}`);
    }
    for (const problem of await storedProblems(cacheDir, [...versions, ...this.#imported.slice(-40)])) {
      find(problem);
    }
    // They would be waited for.
    if (this.#running === undefined) await removeLocks(cacheDir);
    // A server looks for what was left at its start, and then only now and then.
    else await modhaven(['gc', '--config', this.#running.server.configFile], { env: this.#env });
    const server = await this.#serverFor('gc', find);
    await this.#expectServed(server, [...asked.slice(0, CLIENTS), ...this.#some(versions)], find);
    const verify = await modhaven(['verify', '--config', server.configFile], { env: this.#env });
    if (verify.code !== 0) find(`verify says:\n${verify.stdout}${verify.stderr}`);
    const left = await until(
      () => leftovers(cacheDir),
      (names) => names.length === 0,
      SOON_MS,
    );
    if (left.length > 0) find(`these were left: ${left.join(', ')}`);
  }

  async #expectServed(server: ModhavenServer, versions: readonly Truth[], find: (what: string) => void) {
    const wanted = new Map(versions.map((truth) => [pathOf(truth, 'zip'), truth]));
    await Promise.all(
      [...wanted.values()].flatMap((truth) =>
        PARTS.map(async (part) => {
          const answer = await askFor(server.url, truth, part);
          if ('lost' in answer) {
            find(`${pathOf(truth, part)}: no answer after the restart: ${answer.lost}`);
          } else if (answer.problem !== undefined) {
            find(`${pathOf(truth, part)} after the restart: ${answer.status} ${answer.problem}`);
          }
        }),
      ),
    );
  }

  #some(versions: readonly Truth[]): Truth[] {
    return Array.from({ length: 6 }, () => this.#random.pick(versions));
  }
}

/** Stops a process, so that it starts no child any more, and says which it has. */
function stopped(pid: number): Process[] {
  try {
    process.kill(pid, 'SIGSTOP');
  } catch {
    return []; // It ended before it could be killed.
  }
  return withDescendants(pid);
}

/** Removes the locks of dead processes, as other processes do after ten seconds. */
async function removeLocks(cacheDir: string): Promise<void> {
  const vcs = path.join(cacheDir, 'vcs');
  for (const name of await readdir(vcs, { recursive: true }).catch(() => [])) {
    if (name.endsWith('.git.lock')) await rmdir(path.join(vcs, name)).catch(() => undefined);
  }
}
