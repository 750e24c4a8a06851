import { describe, expect, it } from 'vitest';
import { withDir } from '../../bench/lab/lab.js';
import { peersOf } from '../../bench/lab/peers.js';
import { get } from '../../bench/measure/client.js';

const GIT_HOST = 'http://127.0.0.1:1';

/** A server that answers with what it was told; any command will do. */
const ECHO = `exec node -e '
  const { CACHE_DIR, GOPROXY, HOME, PORT } = process.env;
  const config = require("fs").readFileSync(HOME + "/.gitconfig", "utf8");
  require("http").createServer((_, response) => response.end([CACHE_DIR, GOPROXY, config].join("\\n"))).listen(PORT, "127.0.0.1");
'`;

describe('peers', () => {
  it('are none without the variable', () => {
    expect(peersOf({}, GIT_HOST)).toEqual([]);
  });

  it('need a command each', () => {
    expect(() => peersOf({ MODHAVEN_BENCH_PEERS: 'a,b-c', MODHAVEN_BENCH_PEER_A: 'true' }, GIT_HOST)).toThrow(
      'names b-c, but MODHAVEN_BENCH_PEER_B_C does not say how to start it',
    );
  });

  it('are started with a port, a cache directory, and what makes go find the corpus', async () => {
    const [echo] = peersOf({ MODHAVEN_BENCH_PEERS: 'echo', MODHAVEN_BENCH_PEER_ECHO: ECHO }, GIT_HOST);
    await withDir(async (dir) => {
      await using server = await echo?.start({ dir });
      const { text } = await get(`${server?.url ?? ''}/`);
      expect(text).toBe(
        `${dir}/cache\ndirect\n[url "http://127.0.0.1:1/"]\n\tinsteadOf = https://bench.example/\n`,
      );
    });
  });

  it('that end at once are reported with what they printed', async () => {
    const env = { MODHAVEN_BENCH_PEERS: 'bad', MODHAVEN_BENCH_PEER_BAD: 'echo no such flag; exit 2' };
    await withDir(async (dir) => {
      await expect(peersOf(env, GIT_HOST)[0]?.start({ dir })).rejects.toThrow('no such flag');
    });
  });
});
