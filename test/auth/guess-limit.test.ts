import { describe, expect, it } from 'vitest';
import { GuessLimit } from '../../src/auth/guess-limit.js';

describe('GuessLimit', () => {
  it('lets twenty wrong logins through in any minute, for each address', () => {
    let now = 0;
    const limit = new GuessLimit({ now: () => now });
    for (let guess = 0; guess < 20; guess += 1, now += 1000) expect(limit.wrong('10.0.0.1')).toBe(0);
    expect(limit.wrong('10.0.0.1')).toBe(40);
    expect(limit.wrong('10.0.0.2')).toBe(0);
    now = 65_000; // the first five are older than a minute
    expect(limit.wrong('10.0.0.1')).toBe(0);
  });

  it('holds a whole network of one subscriber for one address', () => {
    const limit = new GuessLimit({ now: () => 0 });
    for (let guess = 0; guess < 20; guess += 1) {
      expect(limit.wrong(`2001:db8:1:2::${guess.toString(16)}`)).toBe(0);
    }
    expect(limit.wrong('2001:db8:1:2:ffff::1')).toBeGreaterThan(0);
    expect(limit.wrong('2001:db8:1:3::1')).toBe(0);
  });

  it('counts a request once that a web server asks about first and then sends on, or not', () => {
    let now = 0;
    const limit = new GuessLimit({ now: () => now });
    for (let guess = 0; guess < 10; guess += 1) {
      limit.wrongInAdvance('10.0.0.1', `sent on ${guess}`);
      expect(limit.wrongOnce('10.0.0.1', `sent on ${guess}`)).toBe(0);
      limit.wrongInAdvance('10.0.0.1', `not sent on ${guess}`);
    }
    limit.wrongInAdvance('10.0.0.1', 'last');
    expect(limit.wrongOnce('10.0.0.1', 'last')).toBe(60);
    expect(limit.wrongOnce('10.0.0.1', 'last')).toBe(60);
    // From elsewhere, or later, it is another request.
    now = 61_000;
    limit.wrongInAdvance('10.0.0.1', 'x');
    for (let guess = 1; guess <= 20; guess += 1) expect(limit.wrongOnce('10.0.0.2', 'x')).toBe(0);
    expect(limit.wrongOnce('10.0.0.2', 'x')).toBe(60);
    now += 6_000;
    for (let guess = 2; guess <= 20; guess += 1) expect(limit.wrongOnce('10.0.0.1', 'x')).toBe(0);
    expect(limit.wrongOnce('10.0.0.1', 'y')).toBeGreaterThan(0);
  });

  it('remembers a bounded number of addresses and guesses', () => {
    const limit = new GuessLimit({ now: () => 0 });
    for (let guess = 0; guess < 50_000; guess += 1) limit.wrong('10.0.0.1');
    expect(limit.wrong('10.0.0.1')).toBe(60);
  });
});
