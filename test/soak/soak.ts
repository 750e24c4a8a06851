/**
 * Many clients on many stored modules, for as long as one likes: memory, file handles and children of the server are
 * sampled, and have to be flat once it is warm.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeInfo } from '../../src/module/info.js';
import { hashZipFile } from '../../src/zip/hash-zip-file.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { startServer, type ModhavenServer } from '../support/server.js';
import { tempDir } from '../support/tmp.js';
import { collector } from '../zip/read-zip.js';

export interface SoakOptions {
  clients: number;
  modules: number;
  seconds: number;
  /** Seconds between two samples. */
  every: number;
  say: (line: string) => void;
}

export interface Sample {
  /** Since the start. */
  second: number;
  rssMiB: number;
  handles: number;
  children: number;
  requests: number;
}

export interface SoakResult {
  samples: Sample[];
  /** Handles after the last client is gone, against those before the first. */
  handlesBefore: number;
  handlesAfter: number;
  /** Answers that were not 200 with the right body. */
  wrong: number;
  /** What is not flat. */
  problems: string[];
}

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const dir = await tempDir('soak');
  const sizes = await fillCache(path.join(dir, 'data/download'), options.modules);
  await using server = await startServer({
    dir,
    vanity: { host: 'soak.example', paths: { '/{name}': '/nonexistent/{name}.git' } },
    args: ['--log-level', 'error'],
  });
  const handlesBefore = (await sample(server, 0, 0)).handles;
  const load = new Load(server, options.clients, sizes);
  const samples: Sample[] = [];
  for (let second = options.every; second <= options.seconds; second += options.every) {
    await sleep(options.every * 1000);
    const taken = await sample(server, second, load.requests);
    samples.push(taken);
    options.say(
      `${String(second).padStart(6)} s ${taken.rssMiB.toFixed(1).padStart(8)} MiB ${String(taken.handles).padStart(6)} handles ` +
        `${String(taken.children).padStart(4)} children ${String(taken.requests).padStart(10)} requests`,
    );
  }
  await load.stop();
  await sleep(1000);
  const handlesAfter = (await sample(server, 0, 0)).handles;
  const result = { samples, handlesBefore, handlesAfter, wrong: load.wrong };
  return { ...result, problems: problemsOf(result) };
}

/** What is not as it has to be; the first third of the samples is the time in which caches fill. */
function problemsOf({ samples, handlesBefore, handlesAfter, wrong }: Omit<SoakResult, 'problems'>): string[] {
  const warm = samples.slice(Math.ceil(samples.length / 3));
  const half = Math.floor(warm.length / 2);
  const [early, late] = [warm.slice(0, half), warm.slice(half)];
  const problems: string[] = [];
  const memory = [early, late].map((part) => Math.max(...part.map(({ rssMiB }) => rssMiB))) as [
    number,
    number,
  ];
  if (memory[1] > memory[0] * 1.15 + 16) problems.push(`memory grew from ${memory[0]} to ${memory[1]} MiB`);
  const children = [early, late].map((part) => Math.max(...part.map((each) => each.children))) as [
    number,
    number,
  ];
  if (children[1] > children[0]) problems.push(`children grew from ${children[0]} to ${children[1]}`);
  if (handlesAfter > handlesBefore + 16) {
    problems.push(`handles grew from ${handlesBefore} to ${handlesAfter}`);
  }
  if (wrong > 0) problems.push(`${wrong} answers were wrong`);
  if ((samples.at(-1)?.requests ?? 0) === 0) problems.push('nothing was answered');
  return problems;
}

/** Clients on connections that are kept, each of which asks for one thing after the other. */
class Load {
  requests = 0;
  wrong = 0;
  #running = true;
  readonly #agent: http.Agent;
  readonly #done: Promise<unknown>;

  constructor({ port }: ModhavenServer, clients: number, sizes: ReadonlyMap<string, number>) {
    this.#agent = new http.Agent({ keepAlive: true, maxSockets: clients });
    const paths = [...sizes];
    this.#done = Promise.all(Array.from({ length: clients }, (_, i) => this.#client(port, paths, i * 7919)));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
    this.#agent.destroy();
  }

  async #client(port: number, paths: [string, number][], first: number): Promise<void> {
    for (let i = first; this.#running; i += 1) {
      const [name, size] = paths[i % paths.length] ?? ['', 0];
      const length = await this.#get(port, name);
      this.requests += 1;
      if (length !== size) this.wrong += 1;
    }
  }

  /** Bytes of the body; -1 for anything but 200. */
  async #get(port: number, name: string): Promise<number> {
    return new Promise((resolve) => {
      const request = http.get({ host: '127.0.0.1', port, path: name, agent: this.#agent }, (response) => {
        let length = response.statusCode === 200 ? 0 : -1;
        response.on('data', (chunk: Buffer) => (length += chunk.length));
        response.on('end', () => resolve(length));
        response.on('error', () => resolve(-1));
      });
      request.on('error', () => resolve(-1));
    });
  }
}

async function sample({ pid }: ModhavenServer, second: number, requests: number): Promise<Sample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const handles = await readdir(`/proc/${pid}/fd`);
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return {
    second,
    rssMiB: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024,
    handles: handles.length,
    children: children.split(' ').filter((id) => id !== '').length,
    requests,
  };
}

/** Stores one version of each module, and tells how large each answer has to be. */
async function fillCache(download: string, modules: number): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (let i = 0; i < modules; i += 1) {
    const module = `soak.example/m${i}`;
    const folder = path.join(download, module, '@v');
    await mkdir(folder, { recursive: true });
    const mod = Buffer.from(`module ${module}\n`);
    const sink = collector();
    const writer = createZipWriter(sink);
    await writer.addBuffer(`${module}@v1.0.0/go.mod`, mod);
    await writer.addBuffer(`${module}@v1.0.0/a.go`, Buffer.from(`package m\n\n// ${'x'.repeat(200 + i)}\n`));
    await writer.finish();
    const info = encodeInfo('v1.0.0', new Date(1_700_000_000_000), undefined);
    for (const [ending, bytes] of [
      ['info', info],
      ['mod', mod],
      ['zip', sink.bytes()],
    ] as const) {
      await writeFile(path.join(folder, `v1.0.0.${ending}`), bytes);
      sizes.set(`/${module}/@v/v1.0.0.${ending}`, bytes.length);
    }
    const verdict = await hashZipFile(path.join(folder, 'v1.0.0.zip'));
    if ('problem' in verdict) throw new Error(verdict.problem);
    await writeFile(path.join(folder, 'v1.0.0.ziphash'), verdict.hash);
  }
  return sizes;
}
