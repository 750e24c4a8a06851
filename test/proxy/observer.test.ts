import { describe, expect, it } from 'vitest';
import { observeAll, type FetchEvent, type GitEvent, type ReplyEvent } from '../../src/proxy/observer.js';

const reply = { method: 'GET', url: '/', status: 200 } as ReplyEvent;
const fetch = { source: 'git', kind: 'zip', module: 'corp.test/lib' } as FetchEvent;
const git = { command: 'fetch', ms: 1 } as GitEvent;

/** Fields of a class, to see that methods are called on their object. */
class Noting {
  readonly seen: unknown[] = [];
  replied(event: ReplyEvent): void {
    this.seen.push(['replied', event]);
  }
  fetched(event: FetchEvent): void {
    this.seen.push(['fetched', event]);
  }
  gitRan(event: GitEvent): void {
    this.seen.push(['gitRan', event]);
  }
}

describe('observeAll', () => {
  it('tells each observer of each event that it has a method for', () => {
    const [all, some] = [new Noting(), { replies: 0, replied: () => void (some.replies += 1) }];
    const observer = observeAll([all, some, {}], { caught: () => '' });
    observer.replied(reply);
    observer.fetched(fetch);
    observer.gitRan(git);
    expect(all.seen).toEqual([
      ['replied', reply],
      ['fetched', fetch],
      ['gitRan', git],
    ]);
    expect(some.replies).toBe(1);
  });

  it('lets neither the caller nor other observers notice what one throws', () => {
    const caught: unknown[] = [];
    const fault = new Error('a bug');
    const failing = {
      fetched: () => {
        throw fault;
      },
    };
    const after = new Noting();
    const observer = observeAll([failing, after], { caught: (...args) => String(caught.push(args)) });
    expect(() => observer.fetched(fetch)).not.toThrow();
    expect(after.seen).toEqual([['fetched', fetch]]);
    expect(caught).toEqual([[fault, 'observer.fetched']]);
  });
});
