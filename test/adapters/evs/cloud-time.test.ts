import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCloudTime } from '#adapters/evs/cloud-time';

it.each<[string, string | null]>([
  ['2013-02-25T03:56:53.081642', '2013-02-25T03:56:53.081Z'],
  ['2013-02-25t03:56:53.000000', '2013-02-25T03:56:53.000Z'],
  ['2013-02-25 03:56:53', '2013-02-25T03:56:53.000Z'],
  ['2013-02-25T03:56:53.9', '2013-02-25T03:56:53.900Z'],
  ['2013-02-25T03:56:53.999999', '2013-02-25T03:56:53.999Z'],
  ['2020-01-04T09:05:22.701000Z', '2020-01-04T09:05:22.701Z'],
  ['2020-01-04T09:05:22z', '2020-01-04T09:05:22.000Z'],
  ['2020-01-04T09:05:22+02:00', '2020-01-04T07:05:22.000Z'],
  ['2020-01-04T09:05:22-0330', '2020-01-04T12:35:22.000Z'],
  ['2020-01-04T09:05:22+08', '2020-01-04T01:05:22.000Z'],
  [' 2024-02-29T00:00:00 ', '2024-02-29T00:00:00.000Z'],
  ['2023-02-29T00:00:00', null],
  ['2020-13-01T00:00:00', null],
  ['2020-01-01T24:00:00', null],
  ['2020-01-01T23:60:00', null],
  ['2020-01-01', null],
  ['2020-01-01T00:00', null],
  ['yesterday', null],
  ['', null],
])('%j is %s', (text, expected) => {
  const at = parseCloudTime(text);
  expect(at === null ? null : new Date(at).toISOString()).toBe(expected);
});

it('reads back what any instant is written as, with or without a zone', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }), (date) => {
      expect(parseCloudTime(date.toISOString())).toBe(date.getTime());
      expect(parseCloudTime(date.toISOString().replace('Z', '000'))).toBe(date.getTime());
    }),
  );
});
