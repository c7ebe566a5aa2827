import { describe, expect, it } from 'vitest';
import { timezoneProblem } from '#domain/schedule/check-timezone';

describe('timezoneProblem', () => {
  it.each(['UTC', 'Europe/Berlin', 'europe/berlin', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'Asia/Calcutta', 'Etc/GMT+5'])(
    'takes %j',
    (zone) => {
      expect(timezoneProblem(zone)).toBeNull();
    },
  );

  it.each<[zone: string, cure: string]>([
    ['', 'the zone is empty'],
    [' ', 'the zone is empty'],
    ['+02:00', 'write an IANA name'],
    ['-3', 'write an IANA name'],
    ['GMT+2', 'write an IANA name'],
    ['UTC-05:00', 'write an IANA name'],
    ['Z', 'write an IANA name'],
    ['Europe/Berln', 'Europe/Berlin'],
    ['Sao_Paulo', 'America/Sao_Paulo'],
    ['Sau_Paulo', 'America/Sao_Paulo'],
    ['sao paulo', 'America/Sao_Paulo'],
    ['Europe/Sao_Paulo', 'America/Sao_Paulo'],
    ['Asia/Kolkatta', 'Asia/Kolkata'],
    ['Nowhere/Xyzzyx', 'write an IANA name'],
    ['local', 'is not known'],
  ])('refuses %j and says what would be right', (zone, cure) => {
    expect(timezoneProblem(zone)).toContain(cure);
  });
});
