import { expect, it } from 'vitest';
import { BoundedNames } from '../../src/metrics/bounded-names.js';

it('calls the names after the first 200 other, and those before as they are', () => {
  const names = new BoundedNames();
  const told = Array.from({ length: 300 }, (_, index) => names.of(`host-${index}`));
  expect(new Set(told).size).toBe(201);
  expect(names.of('host-7')).toBe('host-7');
  expect(names.of('host-299')).toBe('other');
});
