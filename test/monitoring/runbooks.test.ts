import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAlerts } from './support/rules.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** As the README's readers get there: lower case, blanks as hyphens, other marks dropped. */
function anchorOf(heading: string): string {
  return heading.trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}

const sections = readme.split(/^#{2,3} /m).slice(1);
const bodies = new Map(sections.map((section) => {
  const end = section.indexOf('\n');
  return [anchorOf(section.slice(0, end)), section.slice(end + 1)] as const;
}));

describe('runbooks', () => {
  test.each(readAlerts().map(({ alert, annotations }) => [alert, annotations.runbook_url] as const))('%s has a section in the README that its link leads to', (alert, url) => {
    const kebab = alert.replace(/(?<!^)(?=[A-Z])/g, '-').toLowerCase();
    expect(url).toBe(`README.md#runbook-${kebab}`);
    const body = bodies.get(`runbook-${kebab}`) ?? '';
    expect(body).toMatch(/\*\*Look first\*\*[^]+\*\*Do\*\*/);
  });

  test('no section is about an alert that is gone', () => {
    const wanted = readAlerts().map(({ annotations }) => annotations.runbook_url.replace('README.md#', ''));
    expect([...bodies.keys()].filter((anchor) => anchor.startsWith('runbook-')).toSorted()).toEqual(wanted.toSorted());
  });
});
