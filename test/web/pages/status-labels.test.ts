import { describe, expect, it } from 'vitest';
import { labelOf } from '../../../src/web/pages/status-labels.js';

describe('labelOf', () => {
  it('has words for keys that say too little', () => {
    expect(labelOf('at')).toBe('When');
    expect(labelOf('maxBytes')).toBe('Allowed size of the cache (cache.max_size)');
    expect(labelOf('wouldRemove')).toBe('gc would free');
  });

  it('takes a key that it does not know apart', () => {
    expect(labelOf('freeBlocks')).toBe('Free blocks');
    expect(labelOf('free_blocks')).toBe('Free blocks');
    expect(labelOf('')).toBe('');
  });

  it('does not take what every object has for a label', () => {
    expect(labelOf('constructor')).toBe('Constructor');
  });
});
