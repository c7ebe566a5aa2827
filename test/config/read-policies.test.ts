import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPolicies } from '#config/read-policies';
import type { ReadResult } from '#config/read-policies';
import { instant } from '#domain/time';

const now = instant(Date.UTC(2026, 10, 24));
const head = 'apiVersion: snapkeep/v1\ninstance: test\n';
const target = `targets:
  - name: eu
    api: evs-v3
    endpoint: https://evs.example.com
    projectId: abc
    auth: { type: token, token: { env: TOKEN } }
`;
const base = `${head}${target}policies:
  - name: nightly
    target: eu
    schedule: { cron: "0 2 * * *" }
    volumes: { ids: [v-1] }
    retention: { last: 3 }
`;

function read(...texts: string[]): ReadResult {
  return readPolicies(
    texts.map((text, place) => ({ name: `${'abc'[place] ?? 'x'}.yaml`, text })),
    { now },
  );
}

/** `file:line:column path: message` of every problem. */
function problems(result: ReadResult): string[] {
  const found = result.ok ? result.warnings : result.problems;
  return found.map((each) => `${each.file}:${each.line}:${each.column} ${each.path}: ${each.message}`);
}

function setOf(result: ReadResult) {
  if (!result.ok) throw new Error(problems(result).join('\n'));
  return result.set;
}

describe('readPolicies', () => {
  it('reports every problem of every file, in reading order', () => {
    const result = read(
      base.replace('"0 2 * * *"', '"61 2 * * *"').replace('target: eu', 'target: ue').replace('last: 3', 'lst: 3'),
      'apiVersion: snapkeep/v1\npolicies:\n  - name: nightly\n    schedule: { timezone: Nowhere }\n    rpo: 5\n',
    );

    expect(problems(result).map((each) => each.replace(/: .*/, ''))).toEqual([
      'a.yaml:11:13 policies[0].target',
      'a.yaml:12:23 policies[0].schedule.cron',
      'a.yaml:14:18 policies[0].retention.lst',
      'b.yaml:3:5 policies[0]',
      'b.yaml:3:5 policies[0]',
      'b.yaml:3:11 policies[0].name',
      'b.yaml:4:15 policies[0].schedule',
      'b.yaml:4:27 policies[0].schedule.timezone',
      'b.yaml:5:10 policies[0].rpo',
    ]);
  });

  it('puts the lists of several files together', () => {
    const set = setOf(
      read(
        `${head}${target}`,
        `apiVersion: snapkeep/v1\ndefaults: { target: eu, volumes: { ids: [v-1] } }\npolicies: [{ name: one, schedule: { cron: "0 2 * * *" } }]\n`,
        `apiVersion: snapkeep/v1\ninstance: test\npolicies: [{ name: two, schedule: { cron: "0 3 * * *" } }]\n`,
      ),
    );

    expect(set.policies.map((policy) => [policy.name, policy.target])).toEqual([
      ['one', 'eu'],
      ['two', 'eu'],
    ]);
  });

  it.each<[why: string, texts: string[], expected: string]>([
    ['two instances', [base, 'apiVersion: snapkeep/v1\ninstance: other\n'], 'b.yaml:2:11 instance: instance is "other" here and "test" at a.yaml:2:11'],
    ['no instance at all', ['apiVersion: snapkeep/v1\n', 'apiVersion: snapkeep/v1\n'], 'a.yaml:1:1 : "instance" is missing'],
    ['defaults twice', [`${base}defaults: { paused: true }\n`, 'apiVersion: snapkeep/v1\ndefaults: { paused: false }\n'], 'b.yaml:2:11 defaults: defaults are given twice, here and at a.yaml:15:11'],
    ['a policy in two files', [base, `apiVersion: snapkeep/v1\npolicies: [{ name: nightly, target: eu, schedule: { cron: "0 3 * * *" }, volumes: { ids: [v] } }]\n`], 'b.yaml:2:20 policies[0].name: policy "nightly" is defined twice, here (b.yaml:2:20) and at a.yaml:10:11'],
    ['a target in two files', [base, `apiVersion: snapkeep/v1\n${target}`], 'b.yaml:3:11 targets[0].name: target "eu" is defined twice'],
  ])('refuses %s', (_why, texts, expected) => {
    expect(problems(read(...texts)).join('\n')).toContain(expected);
  });

  it('does not call missing what a broken file may define', () => {
    const result = read(base.replace(target, ''), `${head}targets: [\n`);

    expect(problems(result)).toHaveLength(1);
    expect(problems(result)[0]).toContain('b.yaml:');
  });

  it('points at defaults for what stands there, once', () => {
    const text = `${head}${target}defaults: { target: ue, retry: { backoff: { initial: 1h } } }
policies:
  - { name: one, schedule: { cron: "0 2 * * *" }, volumes: { ids: [v] }, retention: { last: 1 } }
  - { name: two, schedule: { cron: "0 2 * * *" }, volumes: { ids: [v] }, retention: { last: 1 } }
`;

    expect(problems(read(text)).map((each) => each.replace(/: .*/, ''))).toEqual(['a.yaml:9:21 defaults.target', 'a.yaml:9:54 defaults.retry.backoff.initial']);
  });

  it('needs at least one file', () => {
    expect(readPolicies([], { now })).toEqual({ ok: false, problems: [] });
  });

  it.each<[why: string, text: string]>([
    ['brackets without end', '['.repeat(200_000)],
    ['braces without end', '{a: '.repeat(50_000)],
    ['maps without end', Array.from({ length: 3_000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
    ['too many values', `${head}targets: [${'1,'.repeat(250_000)}]\n`],
    ['binary', '\u0000\u0001\uFFFF'],
    ['a proto key', `${head}__proto__: { polluted: true }\n`],
    ['an alias bomb', `${head}a: &a [${'x,'.repeat(99)}x]\n${['b', 'c', 'd', 'e'].map((name, place) => `${name}: &${name} [${Array(100).fill(`*${'abcd'[place]}`).join(',')}]\n`).join('')}`],
    ['a top-level text', 'just text'],
  ])('refuses %s without a crash', (_why, text) => {
    expect(read(text).ok).toBe(false);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  }, 60_000);

  it('never throws, whatever becomes of a good file', () => {
    fc.assert(
      fc.property(fc.nat(base.length), fc.nat(12), fc.string({ unit: fc.constantFrom(...' \n\t:-[]{}"\'*&#|>,!%@0aé'), maxLength: 4 }), (from, length, text) => {
        const result = read(base.slice(0, from) + text + base.slice(from + length));

        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('warnings', () => {
  it.each<[why: string, change: (text: string) => string, expected: string]>([
    ['a gap above rpo', (text) => `${text}    rpo: 12h\n`, 'a.yaml:15:10 policies[0].rpo: up to 1d pass'],
    ['a gap of the clock change above rpo', (text) => `${text}    rpo: 24h\n`.replace('"0 2 * * *"', '"0 2 * * *", timezone: Europe/Berlin'), 'a.yaml:15:10 policies[0].rpo: up to 25h pass'],
    ['more kept than the cap leaves room for', (text) => text.replace('last: 3', 'last: 4, daily: 3'), 'a.yaml:14:16 policies[0].retention: these rules can keep 7 snapshots'],
    ['everything kept', (text) => text.replace('    retention: { last: 3 }\n', ''), 'a.yaml:10:5 policies[0]: everything is kept'],
    ['nothing but zeros', (text) => text.replace('last: 3', 'last: 0'), 'a.yaml:14:16 policies[0].retention: everything is kept'],
    ['within alone, shorter than the gap', (text) => text.replace('last: 3', 'within: 12h'), 'a.yaml:14:26 policies[0].retention.within: within 12h alone can leave'],
    ['within, longer than the cap', (text) => text.replace('last: 3', 'within: 7d'), 'a.yaml:14:16 policies[0].retention: these rules can keep 7 or more'],
    ['both days restricted', (text) => text.replace('"0 2 * * *"', '"0 2 1-7 * MON"'), 'a.yaml:12:23 policies[0].schedule.cron: "0 2 1-7 * MON" names both'],
    ['both days restricted, in a list', (text) => text.replace('"0 2 * * *"', '["0 2 * * *", "0 2 1-7 * MON"]'), 'a.yaml:12:37 policies[0].schedule.cron[1]: "0 2 1-7 * MON" names both'],
    ['tags for volumes that have none', (text) => text.replace('evs-v3', 'cinder-v3').replace('ids: [v-1]', 'match: { tags: { a: b } }'), 'a.yaml:13:31 policies[0].volumes.match.tags: target "eu" is cinder-v3'],
  ])('%s', (_why, change, expected) => {
    const result = read(change(base));

    expect(result.ok).toBe(true);
    expect(problems(result)).toHaveLength(1);
    expect(problems(result)[0]).toContain(expected);
  });

  it.each<[why: string, change: (text: string) => string]>([
    ['the base', (text) => text],
    ['rpo above the gap', (text) => `${text}    rpo: 25h\n`],
    ['last and daily within the cap', (text) => text.replace('last: 3', 'last: 3, daily: 3')],
    ['within and last, of which the larger counts', (text) => text.replace('last: 3', 'last: 5, within: 3d')],
    ['within above the gap', (text) => text.replace('last: 3', 'within: 25h')],
    ['everything kept where there is no cap', (text) => text.replace('evs-v3', 'cinder-v3').replace('    retention: { last: 3 }\n', '')],
  ])('none for %s', (_why, change) => {
    expect(problems(read(change(base)))).toEqual([]);
    expect(read(change(base)).ok).toBe(true);
  });
});

describe('revision', () => {
  const revision = (text: string) => setOf(read(text)).policies[0]?.revision;

  it('is equal for equal content, however it is written', () => {
    const other = base.replace('{ last: 3 }', '\n      # why\n      last: 3').replace('"0 2 * * *"', "'0 2 * * *'");

    expect(revision(other)).toBe(revision(base));
    expect(setOf(read(other)).revision).toBe(setOf(read(base)).revision);
    expect(revision(`${base}    rpo: 24h\n`)).toBe(revision(`${base}    rpo: 1d\n`));
  });

  it('does not depend on the day of reading', () => {
    const yearly = base.replace('"0 2 * * *"', '"0 2 29 2 *"');
    const later = readPolicies([{ name: 'a.yaml', text: yearly }], { now: instant(Date.UTC(2028, 5, 1)) });

    expect(setOf(later).policies[0]?.revision).toBe(revision(yearly));
  });

  it.each<[why: string, from: string, to: string]>([
    ['retention', 'last: 3', 'last: 4'],
    ['schedule', '0 2 * * *', '0 3 * * *'],
    ['volumes', 'v-1', 'v-2'],
    ['an added key', '    retention', '    paused: false\n    retention'],
    ['defaults', 'policies:', 'defaults: { snapshot: { force: true } }\npolicies:'],
  ])('changes with %s', (_why, from, to) => {
    const text = base.replace(from, to);

    expect(revision(text)).not.toBe(revision(base));
    expect(setOf(read(text)).revision).not.toBe(setOf(read(base)).revision);
  });

  it('of the set changes with a target, that of the policy does not', () => {
    const text = base.replace('projectId: abc', 'projectId: abd');

    expect(revision(text)).toBe(revision(base));
    expect(setOf(read(text)).revision).not.toBe(setOf(read(base)).revision);
  });
});
