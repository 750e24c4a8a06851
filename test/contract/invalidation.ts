/** What every implementation of `Invalidation` promises to those that announce a change and those that keep what may change. */
import { describe, expect, it } from 'vitest';
import type { Change, Invalidation } from '../../src/concurrency/invalidation.js';

/** One implementation at work: where changes are announced, and every process that hears of them. */
export interface InvalidationScene {
  announcer: Invalidation;
  /** The announcer's own process first. */
  processes: readonly Pick<Invalidation, 'onChange'>[];
  /** What listeners threw. */
  errors: readonly unknown[];
}

export function invalidationContract(name: string, start: () => InvalidationScene): void {
  describe(`invalidation: ${name}`, () => {
    it('has told every process when the announcement resolves', async () => {
      const { announcer, processes } = start();
      const heard = processes.map(() => [] as Change[]);
      processes.forEach((one, i) => one.onChange((change) => heard[i]?.push(change)));
      for (const before of [1, undefined, 3]) await announcer.announce({ before });
      expect(heard).toEqual(processes.map(() => [{ before: 1 }, { before: undefined }, { before: 3 }]));
    });

    it('has told its own process when the call returns', () => {
      const { announcer } = start();
      const heard: Change[] = [];
      announcer.onChange((change) => heard.push(change));
      void announcer.announce({ before: 1 });
      expect(heard).toEqual([{ before: 1 }]);
    });

    it('settles when all that was announced has arrived everywhere', async () => {
      const { announcer, processes } = start();
      const heard: number[] = processes.map(() => 0);
      processes.forEach((one, i) => one.onChange(() => (heard[i] = (heard[i] ?? 0) + 1)));
      for (let i = 0; i < 20; i++) void announcer.announce({ before: i });
      await announcer.settled();
      expect(heard).toEqual(processes.map(() => 20));
      await announcer.settled();
    });

    it('tells all others when one listener throws, and reports the error', async () => {
      const { announcer, processes, errors } = start();
      const heard: number[] = [];
      processes.forEach((one, i) => {
        one.onChange(() => {
          throw new Error(`listener ${i}`);
        });
        one.onChange(() => heard.push(i));
      });
      await announcer.announce({ before: undefined });
      expect(heard.sort()).toEqual(processes.map((_, i) => i));
      expect(errors.map(String).sort()).toEqual(processes.map((_, i) => `Error: listener ${i}`));
    });

    it('does not tell a listener that has stopped, and tells one twice that listens twice', async () => {
      const { announcer } = start();
      let count = 0;
      const listener = (): void => void (count += 1);
      const stop = announcer.onChange(listener);
      announcer.onChange(listener);
      await announcer.announce({ before: undefined });
      expect(count).toBe(2);
      stop();
      stop();
      await announcer.announce({ before: undefined });
      expect(count).toBe(3);
    });
  });
}
