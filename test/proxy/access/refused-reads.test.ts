import { expect, it } from 'vitest';
import { noteRefused, refusedReads } from '../../../src/proxy/access/refused-reads.js';

it('shows the newest refusals without what a query might hold, and counts all', () => {
  const before = refusedReads().count;
  for (let i = 0; i < 30; i += 1) {
    noteRefused({
      status: 403,
      url: `/corp.test/m${i}/@v/list?token=hunter2`,
      principal: 'bob',
      client: '10.0.0.1',
    });
  }
  const { count, newest } = refusedReads();
  expect(count - before).toBe(30);
  expect(newest).toHaveLength(20);
  expect(newest[0]).toMatchObject({ status: 403, path: '/corp.test/m29/@v/list', principal: 'bob' });
  expect(JSON.stringify(newest)).not.toContain('hunter2');
});
