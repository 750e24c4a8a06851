/** Every implementation of an interface with a contract suite is run by it. */
import { describe, expect, it } from 'vitest';
import { CONTRACTS, implementationsOf, runBy, type Project } from './contracts.js';
import { PROJECT, withFile } from './source-files.js';

const SUITES = Object.keys(CONTRACTS);

function notRun(suite: string, project: Project): string[] {
  const run = runBy(suite, project);
  return implementationsOf(suite, project).filter((file) => !run.has(file));
}

describe.each(SUITES)('the contract suite %s', (suite) => {
  const { file = '', name = '' } = CONTRACTS[suite] ?? {};

  it('is that of an interface', () => {
    expect(PROJECT.tests.has(`contract/${suite}.ts`)).toBe(true);
    expect(PROJECT.source(file)).toContain(`export interface ${name} `);
  });

  it('runs over every implementation', () => {
    expect(implementationsOf(suite, PROJECT)).not.toEqual([]);
    expect(notRun(suite, PROJECT)).toEqual([]);
  });

  it('misses an implementation that does not run it', () => {
    const planted = withFile('planted/planted.ts', `export class Planted implements ${name} {}\n`);
    expect(notRun(suite, planted)).toEqual(['planted/planted.ts']);
  });
});
