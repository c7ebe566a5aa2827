import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { templateLengthProblem, templateProblem } from '#domain/naming/check-template';
import { snapshotDescription, snapshotName } from '#domain/naming/snapshot-name';
import type { NameValues } from '#domain/naming/snapshot-name';
import { instant } from '#domain/time';

const template = '{policy}-{volume}-{due}';
const values: NameValues = {
  instance: 'prod-backup',
  policy: 'nightly-db',
  volumeId: '33e79572-0704-4a6d-b19c-34ec04a3497f',
  volumeName: 'db-1',
  due: instant(Date.UTC(2026, 10, 24, 2)),
};

describe('snapshotName', () => {
  it.each<[why: string, template: string, volumeName: string | null, expected: string | RegExp]>([
    ['the default', template, 'db-1', 'nightly-db-db-1-20261124T020000Z'],
    ['a short id for want of a name', template, null, 'nightly-db-33e79572-20261124T020000Z'],
    ['a short id for an empty name', template, '  ', 'nightly-db-33e79572-20261124T020000Z'],
    ['every placeholder', '{instance} {policy} {volumeId}', 'x', 'prod-backup nightly-db 33e79572-0704-4a6d-b19c-34ec04a3497f'],
    ['a long name, cut with a hash', template, 'v'.repeat(255), /^nightly-db-v{27}-[0-9a-f]{8}-20261124T020000Z$/],
    ['a name that just fits', template, 'v'.repeat(36), `nightly-db-${'v'.repeat(36)}-20261124T020000Z`],
    ['an emoji, dropped with a hash', '{volume}', 'db🚀', /^db-[0-9a-f]{8}$/],
    ['nothing but emoji', '{volume}', '🚀🚀', /^[0-9a-f]{8}$/],
    ['a line break, dropped with a hash', '{volume}', 'a\nb', /^ab-[0-9a-f]{8}$/],
    ['blanks at the ends', '{volume}', '  db  ', 'db'],
    ['letters of two and three bytes', '{volume}', 'größe-数据', 'größe-数据'],
    ['the reserved prefix in the volume', '{volume}-{due}', 'autobk_snapshot_1', /^autobk-snapshot_1-[0-9a-f]{8}-2026/],
    ['the reserved prefix, put together', 'autobk_{volume}', 'snapshot_x', 'autobk-snapshot_x'],
    ['a template without anything', 'fixed', 'db', 'fixed'],
    ['an unchecked template', '{nope}', 'db', '{nope}'],
  ])('%s', (_why, text, volumeName, expected) => {
    const name = snapshotName(text, { ...values, volumeName });

    expect(name).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected));
  });

  it('stays within the limits whatever it is given', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(text, text, text, fc.constantFrom(template, '{volume}', '{volume}{volume}', 'autobk_snapshot_{volume}', '{policy}{volumeId}{due}{instance}'), (volumeName, volumeId, policy, anyTemplate) => {
        const name = snapshotName(anyTemplate, { ...values, volumeName, volumeId, policy });

        expect(name.length).toBeLessThanOrEqual(64);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/[\p{Cc}\p{Cs}\u{10000}-\u{10FFFF}]/u);
        expect(name).toBe(name.trim());
        expect(name.toLowerCase().startsWith('autobk_snapshot_')).toBe(false);
        expect(snapshotName(anyTemplate, { ...values, volumeName, volumeId, policy })).toBe(name);
      }),
    );
  });

  it('tells volumes with different names apart, however they are cut', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }).filter((each) => each.trim() !== '');
    const policy = fc.constantFrom('a', 'p'.repeat(32));
    fc.assert(
      fc.property(name, name, fc.uuid(), fc.uuid(), policy, (one, other, oneId, otherId, anyPolicy) => {
        fc.pre(one.trim() !== other.trim() && oneId !== otherId);

        expect(snapshotName(template, { ...values, policy: anyPolicy, volumeName: one, volumeId: oneId })).not.toBe(
          snapshotName(template, { ...values, policy: anyPolicy, volumeName: other, volumeId: otherId }),
        );
      }),
    );
  });

  it('tells long names apart that begin alike', () => {
    const long = 'x'.repeat(200);

    expect(snapshotName(template, { ...values, volumeName: `${long}1` })).not.toBe(snapshotName(template, { ...values, volumeName: `${long}2` }));
    expect(snapshotName(template, { ...values, volumeName: long })).not.toBe(
      snapshotName(template, { ...values, volumeName: long, volumeId: 'a569c587-84be-4d0a-ad52-6f440499a871' }),
    );
  });

  it('cuts descriptions at their own limit', () => {
    const text = snapshotDescription('{policy} of {volume}', { ...values, volumeName: 'v'.repeat(255) });

    expect(text).toHaveLength(85);
    expect(text).toMatch(/^nightly-db of v+-[0-9a-f]{8}$/);
  });
});

describe('templateProblem', () => {
  it.each([template, '{volume}', 'fixed', '{instance}{policy}{volumeId}{due}', 'größe {volume}'])('takes %j', (text) => {
    expect(templateProblem(text, 'name')).toBeNull();
  });

  it.each<[string, string]>([
    ['{date}', '{due}'],
    ['{Policy}', '{policy}'],
    ['{}', '{policy}'],
    ['{policy', 'no partner'],
    ['policy}', 'no partner'],
    ['{{policy}}', 'no partner'],
    ['a\nb', 'leave it out'],
    ['a🚀', 'leave it out'],
    ['  ', '{policy}-{volume}-{due}'],
  ])('refuses %j', (text, cure) => {
    expect(templateProblem(text, 'name')).toContain(cure);
  });

  it('lets a description be empty', () => {
    expect(templateProblem('', 'description')).toBeNull();
  });
});

describe('templateLengthProblem', () => {
  const names = { policy: 'p'.repeat(32), instance: 'i'.repeat(32) };

  it.each<[string, 'name' | 'description', number | null]>([
    [template, 'name', null],
    [`${'x'.repeat(6)}${template}`, 'name', null],
    [`${'x'.repeat(7)}${template}`, 'name', 65],
    ['{policy}{instance}', 'name', null],
    ['{policy}{instance}x', 'name', 65],
    ['{volumeId}-{due}', 'name', null],
    ['{volumeId}-{policy}', 'name', 69],
    ['{volume}{volume}{volume}{volume}{volume}{volume}{volume}{volume}', 'name', null],
    ['x'.repeat(85), 'description', null],
    ['x'.repeat(86), 'description', 86],
  ])('%s as %s reaches %s', (text, use, reached) => {
    const problem = templateLengthProblem(text, use, names);

    expect(problem ?? 'fits').toContain(reached === null ? 'fits' : `would reach ${reached} characters`);
  });

  it.each(['autobk_snapshot_{due}', 'AUTOBK_SNAPSHOT_x', '  autobk_snapshot_{volume}'])('refuses the reserved prefix of %j', (text) => {
    expect(templateLengthProblem(text, 'name', names)).toContain('begin it with another word');
  });

  it('says of a template that is wrong anyhow what is wrong', () => {
    expect(templateLengthProblem('{nope}', 'name', names)).toContain('{policy}');
    expect(templateLengthProblem('', 'description', names)).toBeNull();
  });

  it('never lets a name through that has to be cut outside the volume', () => {
    const part = fc.constantFrom('{policy}', '{volume}', '{volumeId}', '{due}', '{instance}', '-', 'backup ', 'x');
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => {
        const text = parts.join('');
        fc.pre(templateLengthProblem(text, 'name', { policy: values.policy, instance: values.instance }) === null);
        const name = snapshotName(text, { ...values, volumeName: 'v'.repeat(300) });
        const cutOutside = text
          .replaceAll('{policy}', values.policy)
          .replaceAll('{volumeId}', values.volumeId)
          .replaceAll('{due}', '20261124T020000Z')
          .replaceAll('{instance}', values.instance)
          .split('{volume}');

        expect(cutOutside.filter((piece) => !name.includes(piece.trim()))).toEqual([]);
      }),
    );
  });
});
