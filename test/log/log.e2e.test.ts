/** The log as it arrives at standard output, from a process of its own. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from '../support/run.js';
import { tempDir } from '../support/tmp.js';

const MODULE = fileURLToPath(new URL('../../build/log/log.js', import.meta.url));

/** What a program prints that has `log`, `writeLine` and `flush`. */
async function printed(work: string, options = "{ level: 'info', readable: false }"): Promise<string> {
  const file = path.join(await tempDir('log'), 'program.mjs');
  await writeFile(
    file,
    `import { createLog } from ${JSON.stringify(MODULE)};
     const { log, writeLine, flush } = createLog(${options});
     ${work}`,
  );
  const { stdout, stderr, code } = await run(process.execPath, [file]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout;
}

function linesOf(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('createLog', () => {
  it('writes JSON lines with level, time and fields, from its level on', async () => {
    const lines = linesOf(await printed(`log.debug('no'); log.info({ module: 'a' }, 'yes');`));
    expect(lines).toMatchObject([{ level: 'info', module: 'a', msg: 'yes' }]);
    expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('lets no credential out, wherever it stands', async () => {
    const text = await printed(`
      const url = 'https://user:canary@host/x';
      log.info({ url, deep: { list: [url] } }, 'fetch ' + url);
      log.error({ err: new Error('cannot fetch ' + url) }, 'failed');`);
    expect(linesOf(text)).toHaveLength(2);
    expect(text).not.toContain('canary');
    expect(text).toContain('cannot fetch https://');
  });

  it('is readable where it is asked to be, and then takes no finished lines', async () => {
    const text = await printed(
      `log.info({ module: 'a' }, 'yes ' + (writeLine === undefined)); await flush();`,
      "{ level: 'info', readable: true }",
    );
    expect(text).toMatch(/INFO.*yes true.*"module":"a"/);
  });
});
