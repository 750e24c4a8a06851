import bcrypt from 'bcrypt';
import { describe, expect, it, vi } from 'vitest';
import { PasswordChecker, parseGroups, parseHtpasswd } from '../../src/auth/htpasswd.js';

const hash = (password: string): string => bcrypt.hashSync(password, 4).replace('$2b$', '$2y$');

describe('parseHtpasswd', () => {
  it('says what is wrong with each line', () => {
    const text = `# users\nann:${hash('a')}\n\nbob:$apr1$x$y\n:nothing\nann:${hash('b')}\nno colon\n`;
    expect(() => parseHtpasswd(text, 'users')).toThrow(
      [
        'users:4:1: the password of bob is not hashed by bcrypt; set it anew with "htpasswd -B"',
        'users:5:1: expected NAME:HASH, as "htpasswd -B" writes it',
        'users:6:1: the user ann is already on line 2',
        'users:7:1: expected NAME:HASH, as "htpasswd -B" writes it',
      ].join('\n'),
    );
  });

  it('names some of very many mistakes', () => {
    const start = process.cpuUsage();
    const parse = () => parseHtpasswd('no colon\n'.repeat(300_000), 'users');
    expect(parse).toThrow('users:20:1: expected NAME:HASH, as "htpasswd -B" writes it\nusers: and more');
    expect(parse).not.toThrow('users:21:1:');
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(500);
  });
});

describe('PasswordChecker', () => {
  it('knows right from wrong, again and again, and takes no part of a password for the whole', async () => {
    const long = 'p'.repeat(72);
    const checker = new PasswordChecker(parseHtpasswd(`ann:${hash('right')}\nbob:${hash(long)}\n`, 'users'));
    for (let round = 0; round < 2; round += 1) {
      await expect(checker.check('ann', 'right')).resolves.toBe(true);
      await expect(checker.check('ann', 'wrong')).resolves.toBe(false);
      await expect(checker.check('nobody', 'right')).resolves.toBe(false);
      await expect(checker.check('bob', long)).resolves.toBe(true);
      await expect(checker.check('bob', `${long}x`)).resolves.toBe(false);
      await expect(checker.check('ann', 'right\0x')).resolves.toBe(false);
    }
  });

  it('takes as long for an unknown user as for most users', async () => {
    const costly = bcrypt.hashSync('x', 9);
    const users = parseHtpasswd(`cheap:${hash('x')}\nann:${costly}\nbob:${costly}\n`, 'users');
    const compare = vi.spyOn(bcrypt, 'compare');
    await expect(new PasswordChecker(users).check('nobody', 'x')).resolves.toBe(false);
    expect(compare.mock.calls).toEqual([['x', costly]]);
    compare.mockRestore();
  });

  it('lets clients take turns', async () => {
    const checker = new PasswordChecker(parseHtpasswd(`ann:${bcrypt.hashSync('right', 6)}\n`, 'users'));
    const order: string[] = [];
    const guess = (client: string, text: string) =>
      checker.check('ann', text, client).then(() => void order.push(client));
    const flood = Array.from({ length: 40 }, (_, number) => guess('10.0.0.1', `guess ${number}`));
    await Promise.all([...flood, guess('10.0.0.2', 'right')]);
    expect(order.indexOf('10.0.0.2')).toBeLessThan(10);
  });

  it('hashes off the event loop, once for equal logins, and refuses what would wait too long', async () => {
    const checker = new PasswordChecker(
      parseHtpasswd(`ann:${bcrypt.hashSync('right', 8)}\nbob:${hash('x')}\n`, 'users'),
    );
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 1);
    const same = await Promise.all(Array.from({ length: 50 }, () => checker.check('ann', 'right')));
    clearInterval(ticking);
    expect(same).toEqual(Array.from({ length: 50 }, () => true));
    expect(turns).toBeGreaterThan(0);
    const flood = await Promise.allSettled(
      Array.from({ length: 260 }, (_, number) => checker.check('bob', `guess ${number}`)),
    );
    const refused = flood.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ reason: { code: 'OVERLOADED' } });
  });
});

describe('parseGroups', () => {
  it('adds up the lines of a user', () => {
    const groups = parseGroups('ann: core, docs\n# none\nbob:\nann: admin\n', 'groups');
    expect([...(groups.get('ann') ?? [])]).toEqual(['core', 'docs', 'admin']);
    expect(groups.get('bob')?.size).toBe(0);
    expect(() => parseGroups('ann core', 'groups')).toThrow('groups:1:1: expected USER: GROUP, GROUP');
  });

  it('reads very many lines of one user', () => {
    const start = process.cpuUsage();
    const lines = Array.from({ length: 20_000 }, (_, i) => `ann: g${i}`);
    expect(parseGroups(lines.join('\r\n'), 'groups').get('ann')?.size).toBe(20_000);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(500);
  });
});
