/**
 * The order of test files: those that take minutes first, so that none of them is left over for the end, when the other
 * workers have nothing to do. The rest as vitest has it.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Their beginnings, the longest first. */
const LONG = [
  'test/conformance/conformance.test.ts',
  'test/packaging/install.test.ts',
  'test/e2e/faults/host-faults.test.ts',
  'test/conformance/host-kinds.test.ts',
  'test/e2e/warm.test.ts',
  'test/vcs/host-kinds.e2e.test.ts',
  'test/chaos/',
  'test/hosts/gerrit.test.ts',
  'test/e2e/shutdown.test.ts',
  'test/vcs/smart-http/bad-packs.e2e.test.ts',
  'test/vcs/bare/repo-lock.e2e.test.ts',
  'test/e2e/replicas/',
  'test/model/',
  'test/lint/zones.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONG.findIndex((name) => moduleId.includes(`/${name}`));
      return index < 0 ? LONG.length : index;
    };
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
