/**
 * Git hosts with modules that were not asked for yet, as many as a run needs, and what is right to answer for each.
 *
 * Every repository can be had below any folder `eN/`, and its module path has that folder in it. So each round of a run
 * has cold modules, although there are only a few repositories.
 */
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeInfo } from '../../src/module/info.js';
import type { CanonicalVersion } from '../../src/module/version.js';
import { createZipWriter } from '../../src/zip/writer.js';
import { filesHash } from '../conformance/module-hash.js';
import { commitCommand } from '../support/git/fast-import.js';
import { gitHttpHost } from '../support/hosts/git-http-host.js';
import { repo } from '../support/git/git-repo.js';
import { missing } from '../support/requirements.js';
import type { Env } from '../support/run.js';
import { sshdHost } from '../support/hosts/sshd-host.js';
import { tempDir } from '../support/tmp.js';
import { collector } from '../zip/read-zip.js';
import type { Random } from './random.js';

/** A version, and what has to be answered for it. */
export interface Truth {
  module: string;
  version: CanonicalVersion;
  mod: string;
  /** `h1:` of its zip. */
  hash: string;
}

type Files = Record<string, Buffer>;

const VANITY_HOST = 'chaos.example';
const VERSIONS = ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0'];
const SECONDS = 1_700_000_000;
/** As exports of a proxy have it. */
const ORIGIN = { VCS: 'git', URL: 'https://git.example/lib.git', Hash: '5'.repeat(40) } as const;

export class World implements AsyncDisposable {
  readonly #root: string;
  readonly #stop: (() => Promise<void>)[] = [];
  /** By repository and version. */
  readonly #files = new Map<string, Map<string, Files>>();
  /** What stands before `eN/NAME.git`, by the folder of the vanity host it is served under. */
  readonly #addresses = new Map<string, string>();
  /** What a server needs in its environment to reach the hosts. */
  env: Env = {};

  private constructor(root: string) {
    this.#root = root;
  }

  static async create(random: Random): Promise<World> {
    const world = new World(await tempDir('chaos-repos'));
    for (const size of [200, 1000, 20_000, 300_000, 3_000_000]) {
      await world.#addRepo(`lib${world.#files.size}`, size, random);
    }
    const http = await gitHttpHost(world.#root);
    world.#stop.push(async () => http.stop());
    world.#addresses.set('http', `${http.url}/`);
    if (!missing('ssh', 'sshd')) {
      const ssh = await sshdHost(world.#root);
      world.#stop.push(async () => ssh.stop());
      world.#addresses.set('ssh', ssh.url(''));
      world.env = ssh.gitEnv();
    }
    return world;
  }

  /** vanity.yaml. What is below `/import` is on no git host. */
  get vanity(): Record<string, unknown> {
    const paths: Record<string, string> = { '/import/{round}/{name}': '/nonexistent/{round}/{name}.git' };
    for (const [folder, base] of this.#addresses) {
      paths[`/${folder}/{round}/{name}`] = `${base}{round}/{name}.git`;
    }
    return { host: VANITY_HOST, paths };
  }

  /** All versions of the modules of round `n`, which were not asked for before this is called. */
  async modules(n: number): Promise<Truth[]> {
    const folder = path.join(this.#root, `e${n}`);
    await mkdir(folder);
    for (const name of this.#files.keys()) await symlink(`../${name}.git`, path.join(folder, `${name}.git`));
    return [...this.#addresses.keys()].flatMap((transport) => this.#truths(`${transport}/e${n}`));
  }

  /** Modules that are on no git host, as the tree of an export. */
  async importTree(n: number): Promise<{ dir: string; versions: Truth[] }> {
    const dir = await tempDir('chaos-import');
    const versions = this.#truths(`import/e${n}`);
    for (const { module, version, mod } of versions) {
      const folder = path.join(dir, module, '@v');
      await mkdir(folder, { recursive: true });
      const sink = collector();
      const writer = createZipWriter(sink);
      for (const [name, content] of Object.entries(this.#filesOf(module, version))) {
        await writer.addBuffer(`${module}@${version}/${name}`, content);
      }
      await writer.finish();
      await writeFile(path.join(folder, `${version}.mod`), mod);
      await writeFile(path.join(folder, `${version}.zip`), sink.bytes());
      const info = encodeInfo(version, new Date(SECONDS * 1000), ORIGIN);
      await writeFile(path.join(folder, `${version}.info`), info);
      const listed = (await readdir(folder)).filter((name) => name.endsWith('.zip'));
      await writeFile(path.join(folder, 'list'), listed.map((name) => `${name.slice(0, -4)}\n`).join(''));
    }
    return { dir, versions };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stop of this.#stop) await stop();
  }

  #truths(folder: string): Truth[] {
    return [...this.#files].flatMap(([name, versions]) =>
      [...versions].map(([version, files]) => {
        const module = `${VANITY_HOST}/${folder}/${name}`;
        const entries = Object.entries(files).map(([file, content]) => ({
          name: Buffer.from(`${module}@${version}/${file}`),
          content,
        }));
        // The repositories have no go.mod, because their module paths differ from round to round.
        return {
          module,
          version: version as CanonicalVersion,
          mod: `module ${module}\n`,
          hash: filesHash(entries),
        };
      }),
    );
  }

  #filesOf(module: string, version: CanonicalVersion): Files {
    return this.#files.get(path.basename(module))?.get(version) ?? {};
  }

  /** A repository with a commit for each version, in one stream. */
  async #addRepo(name: string, size: number, random: Random): Promise<void> {
    const made = await repo(path.join(this.#root, `${name}.git`));
    const versions = new Map<string, Files>();
    const stream: Buffer[] = [];
    for (const [i, version] of VERSIONS.entries()) {
      const files = {
        'blob.bin': random.bytes(size),
        [`n${i}.go`]: Buffer.from(`package ${name}\n\n// ${version}\n`),
      };
      versions.set(version, files);
      const person = `Gopher <gopher@example.com> ${SECONDS + i} +0000`;
      const changes = Object.entries(files).map(([file, data]) => ({
        kind: 'inline' as const,
        path: file,
        mode: '100644',
        data,
      }));
      const commit = { author: person, committer: person, message: version, parents: [], changes };
      stream.push(commitCommand({ ref: 'refs/heads/main', ...commit }));
      stream.push(Buffer.from(`reset refs/tags/${version}\nfrom :1\n\n`));
    }
    await made.fastImport(Buffer.concat(stream));
    this.#files.set(name, versions);
  }
}
