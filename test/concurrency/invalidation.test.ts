import { LocalInvalidation } from '../../src/concurrency/invalidation.js';
import { invalidationContract } from '../contract/invalidation.js';

invalidationContract('one process', () => {
  const errors: unknown[] = [];
  const announcer = new LocalInvalidation((error) => errors.push(error));
  return { announcer, processes: [announcer], errors };
});
