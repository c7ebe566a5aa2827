import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloudEvent } from '#domain/notification/cloud-event';
import { whatToType } from '#domain/notification/command';
import { escapeSlack, slackMessage } from '#domain/notification/slack-message';
import { failedVolume, notices, overdue, runFailed } from './samples.ts';

function parsed(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

function slackText(message: ReturnType<typeof slackMessage>): string {
  return message.blocks.map(({ text }) => text.text).join('\n');
}

describe('a CloudEvent', () => {
  test('has the attributes of version 1.0 and says all there is', () => {
    expect(parsed(cloudEvent(runFailed([failedVolume(1, { name: null, requestId: null })], { runs: { pending: 0, available: 1, failed: 2, skipped: 0, abandoned: 1 } })))).toEqual({
      specversion: '1.0',
      id: 'n1',
      source: 'snapkeep/prod',
      type: 'io.snapkeep.run.failed',
      subject: 'nightly',
      time: '2026-11-24T02:05:00.250Z',
      datacontenttype: 'application/json',
      data: {
        policy: 'nightly',
        target: 'eu',
        due: '2026-11-24T02:00:00Z',
        trigger: 'schedule',
        final: true,
        runs: { pending: 0, available: 1, failed: 2, skipped: 0, abandoned: 1 },
        volumes: [{ id: 'id-1', name: null, runId: 'r1', outcome: 'failed', kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: 'no such thing', requestId: null }],
        moreVolumes: 2,
        command: 'snapkeep runs nightly --outcome failed',
      },
    });
  });

  test.each(notices)('$event: required attributes are not empty; the subject is the policy, or absent', (notice) => {
    const event = parsed(cloudEvent(notice));

    for (const name of ['specversion', 'id', 'source', 'type']) expect(event[name], name).toMatch(/./);
    expect(event['type']).toBe(`io.snapkeep.${notice.event}`);
    expect(event['subject']).toBe(notice.policy ?? undefined);
    expect(event['data']).toMatchObject({ command: whatToType(notice) });
  });

  test('writes instants as UTC, what is not known as null, and how many volumes it leaves out', () => {
    expect(parsed(cloudEvent(overdue))['data']).toMatchObject({ rpoSeconds: 93_600, moreVolumes: 1, volumes: [{ lastGoodAt: '2026-11-24T02:00:00Z' }, { lastGoodAt: null }] });
  });
});

describe('a Slack message', () => {
  test('says what is wrong, for which volumes, in the words of the cloud, and what to type', () => {
    const message = slackMessage(runFailed([failedVolume(1), failedVolume(2, { name: '', httpStatus: null, code: null, requestId: null, outcome: 'abandoned' })]));

    expect(message.text).toBe('nightly (prod): no snapshot of 2 of 3 volumes, due 2026-11-24T02:00:00Z');
    expect(message.blocks.map(({ text }) => text.text)).toEqual([
      '*nightly (prod): no snapshot of 2 of 3 volumes, due 2026-11-24T02:00:00Z*',
      '• db-1 (id-1): failed, 400 EVS.5400: no such thing (request req-1)\n• id-2: abandoned, no such thing',
      '`snapkeep runs nightly --outcome failed`',
    ]);
  });

  test('names ten volumes and says how many more there are', () => {
    const volumes = Array.from({ length: 50 }, (_, n) => failedVolume(n));
    const [, list = ''] = slackMessage(runFailed(volumes, { runs: { pending: 0, available: 0, failed: 250, skipped: 0, abandoned: 0 } })).blocks.map(({ text }) => text.text);

    expect(list.split('\n')).toHaveLength(11);
    expect(list).toMatch(/and 240 more$/);
  });

  test('names fewer where ten would not fit into a section', () => {
    const volumes = Array.from({ length: 10 }, (_, n) => failedVolume(n, { name: '&'.repeat(64), message: '<'.repeat(500) }));
    const [, list = ''] = slackMessage(runFailed(volumes)).blocks.map(({ text }) => text.text);

    expect(list.length).toBeLessThanOrEqual(3_000);
    expect(list).toMatch(/and 8 more$/);
  });

  test('before the end it says what is still under way', () => {
    expect(slackMessage(runFailed([failedVolume(1)], { isFinal: false, runs: { pending: 4, available: 0, failed: 1, skipped: 0, abandoned: 0 } })).text).toMatch(/1 of 5 volumes, .*, so far; 4 still under way$/);
  });

  test('asks for the abandoned ones where none has failed', () => {
    expect(slackText(slackMessage(runFailed([], { runs: { pending: 0, available: 0, failed: 0, skipped: 0, abandoned: 1 } })))).toContain('--outcome abandoned');
  });

  test.each(notices)('$event: has a headline with the instance and ends with what to type', (notice) => {
    const message = slackMessage(notice);

    expect(message.text).toContain('(prod)');
    expect(message.blocks.at(-1)?.text.text).toBe(`\`${whatToType(notice)}\``);
  });

  test('one of a thing is not called many', () => {
    const [, , , , refused] = notices;
    if (refused?.event !== 'config.refused') throw new Error('the samples have changed');
    expect(slackMessage({ ...refused, problems: 1 }).text).toMatch(/: 1 problem$/);
    expect(slackMessage({ ...overdue, count: 1 }).text).toContain('1 volume without');
  });

  test('whatever volumes and clouds are called: nothing means anything to Slack, and no section is over its limit', () => {
    const nasty = fc.oneof(fc.string({ maxLength: 300, unit: fc.constantFrom('&', '<', '>', '!', 'a', '\n', '@') }), fc.string());
    const volume = fc.record({ id: nasty, name: fc.option(nasty), message: nasty, code: fc.option(nasty), requestId: fc.option(nasty) });
    fc.assert(
      fc.property(fc.array(volume, { minLength: 1, maxLength: 30 }), (volumes) => {
        const notice = runFailed(volumes.map((fields, n) => failedVolume(n, fields)));
        const message = slackMessage(notice);
        const text = slackText(message) + message.text;
        expect(text).not.toMatch(/[<>]/);
        expect(text).not.toMatch(/&(?!(amp|lt|gt);)/);
        const shown = text.split('\n').filter((line) => line.startsWith('• ')).length;
        const more = Number(/\nand (\d+) more/.exec(text)?.[1] ?? 0);
        expect(shown + more).toBe(volumes.length);
        expect(shown).toBeGreaterThan(0);
        for (const { text: section } of message.blocks) expect(section.text.length).toBeLessThanOrEqual(3_000);
      }),
    );
  });

  test('escaping can be undone: nothing is lost', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(escapeSlack(text).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')).toBe(text);
      }),
    );
  });
});
