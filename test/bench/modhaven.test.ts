import { describe, expect, it } from 'vitest';
import { otherModhaven } from '../../bench/lab/modhaven.js';
import { tempDir } from '../support/tmp.js';

describe('the other checkout of a comparison', () => {
  it('must be built', async () => {
    const dir = await tempDir('checkout');
    await expect(otherModhaven('http://127.0.0.1:1', dir)).rejects.toThrow(
      `${dir} is not a built checkout: run npm ci and npm run build there`,
    );
  });
});
