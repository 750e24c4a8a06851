import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VanityMap } from '../../src/vanity/vanity-map.js';
import { createDriftWatch, type DriftWatch } from '../../src/verify/drift.js';
import { missing } from '../support/requirements.js';
import { LAB_VERSIONS, labModule, moveLab, type MoveLab } from './move-lab.js';

interface LogLine {
  level: string;
  fields: Record<string, unknown>;
  message: string;
}

/** A log that keeps its lines. */
function memoryLog() {
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: Record<string, unknown>, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, log: { info: at('info'), warn: at('warn'), error: at('error') } as never };
}

describe.skipIf(missing('git'))('createDriftWatch', () => {
  let lab: MoveLab;
  let map: VanityMap;
  let drift: DriftWatch;
  let lines: LogLine[];

  beforeAll(async () => {
    lab = await moveLab();
    await lab.fetch(...LAB_VERSIONS);
    map = lab.oldMap;
    const { log, lines: kept } = memoryLog();
    lines = kept;
    drift = createDriftWatch({ store: lab.store, host: lab.host, vanity: () => map, log });
  });
  afterAll(() => lab.stop());

  function edit(next: VanityMap): Promise<void> {
    const before = map;
    map = next;
    drift.mapChanged(before, next);
    return drift.idle();
  }

  const warnings = () =>
    lines
      .filter(({ level }) => level === 'warn')
      .map(({ fields }) => `${String(fields.module)}@${String(fields.version)} ${String(fields.verdict)}`)
      .sort();

  it('has nothing to do where no rule changed', async () => {
    await edit(lab.oldMap);
    expect(drift.report()).toEqual({
      running: false,
      waiting: 0,
      compared: 0,
      finished: undefined,
      differences: [],
    });
    expect(lab.newHost.requests).toEqual([]);
  });

  it('reports each difference after an edit, in the log and for /-/status', async () => {
    await edit(lab.newMap);
    expect(warnings()).toEqual([
      'my.corp/down@v1.0.0 unreachable',
      'my.corp/edited@v1.0.0 different',
      'my.corp/gomod@v1.0.0 different',
      'my.corp/lost@v1.1.0 missing',
    ]);
    const edited = lines.find(({ fields }) => fields.module === 'my.corp/edited');
    expect(edited?.message).toBe(
      'the new repository has other content for this version; what was served stays',
    );
    expect(edited?.fields.files).toContain('edited.go (changed)');
    const report = drift.report();
    expect(report).toMatchObject({ running: false, waiting: 0, compared: LAB_VERSIONS.length });
    expect(report.differences.map(({ module, verdict }) => `${module} ${verdict}`).sort()).toEqual([
      'my.corp/down unreachable',
      'my.corp/edited different',
      'my.corp/gomod different',
      'my.corp/lost missing',
    ]);
    expect(lines.at(-1)).toMatchObject({
      level: 'info',
      fields: { modules: 6, versions: LAB_VERSIONS.length },
    });
  });

  it('compares a module again when asked to, and repeats no line', async () => {
    const before = lines.length;
    drift.check(labModule('edited'));
    await drift.idle();
    expect(lines.slice(before).map(({ level }) => level)).toEqual(['info']);
    drift.check(labModule('same'));
    await drift.idle();
    expect(lines.length).toBe(before + 1);
  });

  it('tries a repository that was out of reach again when another caller reached it', async () => {
    const { compared } = drift.report();
    drift.reached(labModule('same'));
    await drift.idle();
    expect(drift.report().compared).toBe(compared);
    drift.reached(labModule('down'));
    await drift.idle();
    expect(drift.report().compared).toBe(compared + 1);
  });

  it('forgets the differences when the edit is taken back', async () => {
    await edit(lab.oldMap);
    expect(drift.report().differences).toEqual([]);
    expect(warnings()).toHaveLength(4);
  });

  it('begins nothing more once it is stopped', async () => {
    const { compared } = drift.report();
    drift.stop();
    await edit(lab.newMap);
    expect(drift.report().compared).toBe(compared);
  });
});
