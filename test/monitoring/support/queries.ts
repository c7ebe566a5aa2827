import { parser } from '@prometheus-io/lezer-promql';
import { panelsOf, readDashboard } from './dashboard.ts';
import { readRules } from './rules.ts';

export interface Query {
  /** Where it stands, for people. */
  readonly from: string;
  readonly expr: string;
}

/** All queries of the rules and of the dashboard, with Grafana's variables filled in as "All" over a minute. */
export function shippedQueries(): readonly Query[] {
  const dashboard = readDashboard();
  const rules = readRules().map((rule) => ({ from: 'alert' in rule ? rule.alert : rule.record, expr: rule.expr }));
  const panels = panelsOf(dashboard).flatMap(({ title, targets }) => targets.map(({ refId, expr }) => ({ from: `${title} ${refId}`, expr })));
  const variables = dashboard.templating.list.flatMap(({ name, query }) => {
    const inner = /^label_values\((.*), \w+\)$/.exec(typeof query === 'string' ? '' : query.query)?.[1];
    return inner === undefined ? [] : [{ from: `variable ${name}`, expr: inner }];
  });
  return [...rules, ...[...panels, ...variables].map(({ from, expr }) => ({ from, expr: filledIn(expr) }))];
}

function filledIn(expr: string): string {
  const filled = expr.replaceAll('$__rate_interval', '1m').replaceAll(/"\$(target|policy)"/g, '".*"');
  if (filled.includes('$')) throw new Error(`a variable that the test does not know: ${expr}`);
  return filled;
}

/** The series selectors in an expression, with their matchers and without ranges, as they are written. Throws where it is no PromQL. */
export function selectorsIn(expr: string): readonly string[] {
  const found: string[] = [];
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${expr}`);
      if (node.name === 'VectorSelector') found.push(expr.slice(node.from, node.to));
    },
  });
  return found;
}
