import { describe, expect, test } from 'vitest';
import { panelsOf, readDashboard } from './support/dashboard.ts';

const dashboard = readDashboard();

describe('dashboard', () => {
  test('ids and titles are unique', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    const titles = dashboard.panels.map(({ title }) => title);
    expect(new Set(ids).size).toBe(ids.length);
    expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual(['Due times not dealt with']);
  });

  test('no panel lies over another', () => {
    const cells = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          const cell = `${x},${y}`;
          expect(cells.get(cell), `${title} at ${cell}`).toBeUndefined();
          cells.set(cell, title);
        }
      }
    }
  });

  test('each row has panels, and each query of a panel a letter of its own', () => {
    for (const [at, panel] of dashboard.panels.entries()) {
      if (panel.type === 'row') expect(dashboard.panels[at + 1]?.type ?? 'row', panel.title).not.toBe('row');
      else expect(new Set(panel.targets.map(({ refId }) => refId)).size, panel.title).toBe(panel.targets.length);
    }
  });

  test('the variables are the data source, target and policy, and every panel over targets or policies follows them', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([['datasource', 'datasource'], ['target', 'query'], ['policy', 'query']]);
    const ofProcesses = /snapkeep_(redis_up|config_last_reload\w+|build_info)/;
    for (const { title, targets } of panelsOf(dashboard)) {
      for (const { expr } of targets) expect(ofProcesses.test(expr) || /\$target|\$policy/.test(expr), `${title}: ${expr}`).toBe(true);
    }
  });
});
