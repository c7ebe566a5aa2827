import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Only what is Grafana's own, so that the dashboard works on a fresh installation. */
const Kind = z.enum(['stat', 'table', 'timeseries']);

/** By a variable: which Prometheus it is differs from one installation to the next. */
const Datasource = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });

const Target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource: Datasource,
  editorMode: z.literal('code'),
  expr: z.string().min(1),
  legendFormat: z.string(),
  instant: z.boolean(),
  range: z.boolean(),
  format: z.literal('table').optional(),
});

const Step = z.strictObject({ color: z.string().min(1), value: z.number().nullable() });
const Thresholds = z.strictObject({ mode: z.literal('absolute'), steps: z.array(Step).min(1).refine(([first]) => first?.value === null, 'the first threshold has no value') });
const Transformation = z.strictObject({ id: z.enum(['merge', 'organize']), options: z.record(z.string(), z.unknown()) });
const Override = z.strictObject({ matcher: z.strictObject({ id: z.enum(['byName', 'byRegexp']), options: z.string() }), properties: z.array(z.strictObject({ id: z.string(), value: z.unknown() })).min(1) });

/** 24 columns wide. */
const GridPos = z
  .strictObject({ h: z.int().min(1), w: z.int().min(1).max(24), x: z.int().min(0), y: z.int().min(0) })
  .refine(({ x, w }) => x + w <= 24, 'the panel is wider than the grid');

const Row = z.strictObject({ id: z.int().min(1), type: z.literal('row'), title: z.string().min(1), collapsed: z.literal(false), gridPos: GridPos, panels: z.array(z.never()) });

const Panel = z.strictObject({
  id: z.int().min(1),
  type: Kind,
  title: z.string().min(1),
  description: z.string().min(20),
  datasource: Datasource,
  gridPos: GridPos,
  fieldConfig: z.strictObject({
    defaults: z.strictObject({
      unit: z.enum(['short', 's', 'percentunit', 'reqps', 'dateTimeAsIso']),
      color: z.strictObject({ mode: z.enum(['thresholds', 'palette-classic']) }),
      thresholds: Thresholds,
      min: z.number().optional(),
      custom: z.record(z.string(), z.unknown()).optional(),
    }),
    overrides: z.array(Override),
  }),
  options: z.record(z.string(), z.unknown()),
  transformations: z.array(Transformation).optional(),
  targets: z.array(Target).min(1),
});

const Variable = z.looseObject({ name: z.string(), type: z.enum(['datasource', 'query']), label: z.string(), query: z.union([z.string(), z.looseObject({ query: z.string() })]) });

const Dashboard = z.strictObject({
  uid: z.literal('snapkeep'),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  // Of Grafana 12; newer ones take it over.
  schemaVersion: z.literal(41),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.int(),
  fiscalYearStartMonth: z.int(),
  links: z.array(z.never()),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  timepicker: z.strictObject({}),
  timezone: z.string(),
  refresh: z.string(),
  weekStart: z.string(),
  annotations: z.strictObject({ list: z.array(z.looseObject({})) }),
  templating: z.strictObject({ list: z.array(Variable) }),
  panels: z.array(z.discriminatedUnion('type', [Row, Panel])).min(1),
});

export type Dashboard = z.infer<typeof Dashboard>;
export type Panel = z.infer<typeof Panel>;

/** The dashboard that is shipped; throws where it is not what Grafana takes, or a panel says not what it shows. */
export function readDashboard(): Dashboard {
  return Dashboard.parse(JSON.parse(readFileSync(new URL('../../../config/grafana/snapkeep.json', import.meta.url), 'utf8')));
}

export function panelsOf({ panels }: Dashboard): readonly Panel[] {
  return panels.filter((panel) => panel.type !== 'row');
}
