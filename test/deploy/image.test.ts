/**
 * The steps of the Dockerfile, followed without Docker: those of the first stage in a folder, those of the image in a clean
 * Debian that debootstrap makes, with Node 24 in it. Then what the image starts is started with a read-only root, as its own
 * user, and asked by its own health check. Minutes long: `npm run test:deploy`.
 */
import { chown, cp, lstat, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../support/requirements.js';
import { mustRun } from '../support/run.js';
import { tempDir } from '../support/tmp.js';
import { copyOf, execForm, lastOf, stagesOf, type Step } from './dockerfile.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const isNightly = process.env.MODHAVEN_TEST_DEPLOY === '1';
const MINUTES_MS = 1_800_000; // a minute or two of it on a machine that does nothing else, and the packages come from afar

/** Puts what a COPY names into `root`, as Docker does: into a folder if the target ends with a slash. */
async function copy(step: Step, sources: string, root: string): Promise<void> {
  const { names, target } = copyOf(step);
  for (const name of names) {
    const to = path.join(root, target, target.endsWith('/') ? path.basename(name) : '');
    await cp(path.join(sources, name), to, { recursive: true, verbatimSymlinks: true });
  }
}

/** Docker takes HOME from the passwd file of the image. */
const homeOf = (account: readonly string[]) => (account.length === 0 ? '/root' : '/home/modhaven');

describe.skipIf(!isNightly || missing('root', 'mount-namespace', 'debootstrap'))('the image', () => {
  const env = { HOME: process.env.HOME, npm_config_update_notifier: 'false' };
  let image: Step[] = [];
  let root: string;

  beforeAll(async () => {
    const [build = [], end = []] = stagesOf(
      await readFile(path.join(PROJECT, 'deploy/docker/Dockerfile'), 'utf8'),
    );
    image = end;
    const built = await tempDir('build'); // WORKDIR is /src
    for (const step of build) {
      if (step.instruction === 'COPY') await copy(step, PROJECT, path.join(built, 'src'));
      if (step.instruction !== 'RUN') continue;
      await mustRun('sh', ['-ec', step.rest], { cwd: path.join(built, 'src'), env, timeoutMs: MINUTES_MS });
    }
    root = path.join(await tempDir('image'), 'root');
    await mustRun('debootstrap', ['--variant=minbase', 'bookworm', root], { timeoutMs: MINUTES_MS });
    const node24 = await mustRun(process.execPath, ['scripts/node24.js', '--install'], {
      cwd: PROJECT,
      env,
      timeoutMs: MINUTES_MS,
    });
    await cp(node24.trim(), path.join(root, 'usr/local/bin/node'));
    await cp('/etc/resolv.conf', path.join(root, 'etc/resolv.conf'), { dereference: true });
    let account: string[] = [];
    for (const step of end) {
      if (step.instruction === 'COPY') {
        await copy(step, copyOf(step).from === undefined ? PROJECT : built, root);
      }
      if (step.instruction === 'USER') account = [`--userspec=${step.rest}:${step.rest}`];
      if (step.instruction !== 'RUN') continue;
      await mustRun('chroot', [...account, root, 'sh', '-ec', step.rest], {
        env: { PATH: process.env.PATH, HOME: homeOf(account), DEBIAN_FRONTEND: 'noninteractive' },
        timeoutMs: MINUTES_MS,
      });
    }
  }, MINUTES_MS);

  it('has no tool that builds anything', async () => {
    expect(await readdir(path.join(root, 'opt/modhaven/node_modules'))).not.toContain('typescript');
    for (const name of ['npm', 'npx', 'tsc', 'gcc', 'cc', 'make', 'python3']) {
      for (const folder of ['usr/bin', 'usr/local/bin']) {
        await expect(lstat(path.join(root, folder, name))).rejects.toThrow('ENOENT');
      }
    }
  });

  it('runs with a read-only root as its own user, says that it is healthy, and ends when it is asked to', async () => {
    const work = await tempDir('mounts');
    const cache = path.join(work, 'cache');
    await mkdir(cache);
    const user = Number(lastOf(image, 'USER'));
    await chown(cache, user, user);
    const variables = lastOf(image, 'ENV').split(/\s+/);
    const command = [...execForm(lastOf(image, 'ENTRYPOINT')), ...execForm(lastOf(image, 'CMD'))];
    const health = execForm(lastOf(image, 'HEALTHCHECK'));
    const words = (list: readonly string[]) =>
      list.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const inside = `chroot --userspec=${user}:${user} '${root}' env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/modhaven ${words(variables)}`;
    const script = path.join(work, 'run.sh');
    await writeFile(
      script,
      `set -eu
ip link set lo up
mount --bind '${root}' '${root}'
mount --bind '${path.join(PROJECT, 'deploy/docker/config')}' '${root}/etc/modhaven'
mount --bind '${cache}' '${root}/var/lib/modhaven'
mount -t tmpfs tmpfs '${root}/tmp'
mount -t proc proc '${root}/proc'
mount -o remount,bind,ro '${root}'
${inside} ${words(command)} &
server=$!
tries=0
until ${inside} ${words(health)}; do
  tries=$((tries + 1)); [ $tries -lt 60 ]; sleep 1
done
echo healthy
! ${inside} touch /opt/modhaven/x 2>/dev/null
echo read-only
${inside} NODE_DEBUG_NATIVE=COMPILE_CACHE modhaven serve --help 2>&1 | grep -q '/opt/modhaven/dist/.* was accepted'
echo compiled
kill -TERM $server
wait $server
echo ended
`,
    );
    // A network of its own, because the health check knows one port only.
    const said = await mustRun('unshare', ['--mount', '--net', '--pid', '--fork', 'sh', script], {
      timeoutMs: 120_000,
    });
    expect(said.split('\n')).toEqual(expect.arrayContaining(['healthy', 'read-only', 'compiled', 'ended']));
    expect(said).toContain('modhaven is ready');
    expect(await readdir(cache)).toContain('version');
  }, 180_000);
});
