import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { showSignsOfLife } from '../../../src/proxy/http/heartbeat.js';
import { exchange } from '../support/exchange.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

function waiting() {
  const { response, leave } = exchange();
  const signs = vi.spyOn(response, 'writeProcessing').mockReturnValue(undefined);
  showSignsOfLife(response);
  return { response, leave, signs };
}

it('shows signs of life until the reply begins', () => {
  const { response, signs } = waiting();
  vi.advanceTimersByTime(7_000);
  expect(signs).toHaveBeenCalledTimes(3);
  response.writeHead(200).end();
  vi.advanceTimersByTime(10_000);
  expect(signs).toHaveBeenCalledTimes(3);
  expect(vi.getTimerCount()).toBe(0);
});

it('ends with the connection', async () => {
  const { leave, signs } = waiting();
  await leave();
  vi.advanceTimersByTime(10_000);
  expect(signs).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});
