import { describe, expect, it } from 'vitest';
import { createHostCircuit } from '../../../src/cli/probe/host-circuit.js';
import { ModhavenError } from '../../../src/errors.js';
import { parseRepoUrl } from '../../../src/module/repo-url.js';

const repo = (text: string) => parseRepoUrl(text, '/');
const silence = new ModhavenError('HOST_TIMEOUT', 'no answer');

/** Work that notes that it was begun. */
function work(begun: string[], name: string, error?: Error): () => Promise<string> {
  return () => {
    begun.push(name);
    return error === undefined ? Promise.resolve(name) : Promise.reject(error);
  };
}

describe('createHostCircuit', () => {
  it('waits for a silent host once', async () => {
    const ask = createHostCircuit(4);
    const begun: string[] = [];
    const asked = ['a', 'b', 'c'].map((name) => ask(repo(`https://h/${name}`), work(begun, name, silence)));
    expect(
      (await Promise.allSettled(asked)).map((result) => (result as PromiseRejectedResult).reason as unknown),
    ).toEqual([silence, silence, silence]);
    expect(begun).toEqual(['a']);
  });

  it('asks on where the first question got an answer, whatever it was', async () => {
    for (const first of [undefined, new ModhavenError('REPO_NOT_FOUND', 'no')]) {
      const ask = createHostCircuit(4);
      const begun: string[] = [];
      const asked = [
        ask(repo('https://h/a'), work(begun, 'a', first)),
        ask(repo('https://h/b'), work(begun, 'b')),
      ];
      await Promise.allSettled(asked);
      expect(begun).toEqual(['a', 'b']);
      expect(await asked[1]).toBe('b');
    }
  });

  it.each(['https://h:8443/b', 'http://h/b', 'https://i/b', 'ssh://h/b'])(
    'takes %s for another host',
    async (other) => {
      const ask = createHostCircuit(4);
      const begun: string[] = [];
      await ask(repo('https://h/a'), work(begun, 'a', silence)).catch(() => undefined);
      expect(await ask(repo(other), work(begun, 'b'))).toBe('b');
    },
  );

  it('takes each local path for itself', async () => {
    const ask = createHostCircuit(4);
    await ask(repo('/srv/a'), () => Promise.reject(silence)).catch(() => undefined);
    expect(await ask(repo('/srv/b'), () => Promise.resolve('b'))).toBe('b');
  });

  it('has no more at once than it may', async () => {
    const ask = createHostCircuit(2);
    let [now, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        ask(repo(`https://h${i}/x`), async () => {
          most = Math.max(most, ++now);
          await new Promise(setImmediate);
          now -= 1;
        }),
      ),
    );
    expect(most).toBe(2);
  });
});
