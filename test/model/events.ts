/** What may happen to three replicas, as fast-check chooses it. */
import fc from 'fast-check';
import type { CanonicalVersion } from '../../src/module/version.js';
import { FAULTS, type Fault } from './gaps.js';

export const REPLICAS = 3;
export const VERSIONS: readonly CanonicalVersion[] = ['v1.0.0', 'v1.1.0', 'v1.2.0'];

/** A clock that jumps. */
const JUMPS_MS = [-3_600_000, -2_000, 2_000, 3_600_000];

/** Asks a replica for a version, which it fetches from a home where it is not stored. */
export interface Question {
  what: 'fetch' | 'record';
  replica: number;
  version: number;
  home: number;
}

/** One thing that happens. Questions to replicas go on while the next things happen. */
export type Event =
  | Question
  | { what: 'learn'; replica: number }
  | { what: 'purge'; replica: number; version: number }
  /** Another process in its place: with its folder, or with a new one (`lose`). */
  | { what: 'kill' | 'lose'; replica: number }
  | { what: 'pause' | 'resume'; replica: number }
  /** All replicas at once, from homes that are not of one mind. */
  | { what: 'storm'; version: number }
  | { what: 'faults'; faults: Fault[] }
  /** The clock of a replica, or that of Redis, which lets leases end early or late. */
  | { what: 'jump'; whose: number | 'redis'; ms: number }
  /** Redis forgets; an hour passes; all that runs comes to its end. */
  | { what: 'flush' | 'hour' | 'settle' };

const replica = fc.nat(REPLICAS - 1);
const version = fc.nat(VERSIONS.length - 1);
const is = <T extends string>(...words: T[]) => fc.constantFrom<T[]>(...words);

export const events: fc.Arbitrary<readonly Event[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ what: is('fetch', 'record'), replica, version, home: fc.nat(1) }),
    },
    { weight: 2, arbitrary: fc.record({ what: is('learn'), replica }) },
    { weight: 3, arbitrary: fc.record({ what: is('storm'), version }) },
    { weight: 1, arbitrary: fc.record({ what: is('purge'), replica, version }) },
    { weight: 3, arbitrary: fc.record({ what: is('kill', 'lose', 'pause', 'resume'), replica }) },
    {
      weight: 3,
      arbitrary: fc.record({
        what: is('faults'),
        faults: fc.array(fc.constantFrom(...FAULTS), { minLength: 1, maxLength: 8 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        what: is('jump'),
        whose: fc.oneof(replica, fc.constant('redis' as const)),
        ms: fc.constantFrom(...JUMPS_MS),
      }),
    },
    { weight: 2, arbitrary: fc.record({ what: is('flush', 'hour', 'settle') }) },
  ),
  { minLength: 1, maxLength: 16 },
);
