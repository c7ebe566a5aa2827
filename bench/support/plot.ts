/** Points of one line; both axes are logarithmic, so that a straight line at 45 degrees is growth in proportion. */
export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  /** Not measured but computed: drawn with dashes. */
  readonly isComputed?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT] = [420, 320];
const MARGIN = { left: 62, right: 16, top: 34, bottom: 46 };
const COLOURS = ['#0b6e99', '#c2410c', '#15803d', '#7c3aed'];

/** Panels side by side, as an SVG document. */
export function plot(panels: readonly Panel[]): string {
  const body = panels.map((panel, at) => `<g transform="translate(${at * WIDTH} 0)">${panelOf(panel)}</g>`).join('\n');
  const style = 'text{font:12px sans-serif;fill:#222}.grid{stroke:#ddd}.axis{stroke:#222}';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${panels.length * WIDTH} ${HEIGHT}" role="img" aria-label="${escape(panels.map(({ title }) => title).join('; '))}">
<style>${style}</style><rect width="100%" height="100%" fill="#fff"/>
${body}
</svg>
`;
}

function panelOf({ title, x, y, lines }: Panel): string {
  const points = lines.flatMap((line) => line.points);
  const across = axis(points.map(([at]) => at), MARGIN.left, WIDTH - MARGIN.right);
  const up = axis(points.map(([, at]) => at), HEIGHT - MARGIN.bottom, MARGIN.top);
  const grid = [
    ...across.ticks.map((tick) => `<line class="grid" x1="${across.place(tick)}" y1="${MARGIN.top}" x2="${across.place(tick)}" y2="${HEIGHT - MARGIN.bottom}"/><text x="${across.place(tick)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${short(tick)}</text>`),
    ...up.ticks.map((tick) => `<line class="grid" x1="${MARGIN.left}" y1="${up.place(tick)}" x2="${WIDTH - MARGIN.right}" y2="${up.place(tick)}"/><text x="${MARGIN.left - 6}" y="${up.place(tick) + 4}" text-anchor="end">${short(tick)}</text>`),
  ];
  const drawn = lines.map((line, at) => lineOf(line, COLOURS[at % COLOURS.length] ?? '#222', MARGIN.top + 14 + at * 15, ([px, py]) => [across.place(px), up.place(py)]));
  const names = `<text x="${WIDTH / 2}" y="20" text-anchor="middle" font-weight="bold">${escape(title)}</text><text x="${WIDTH / 2}" y="${HEIGHT - 10}" text-anchor="middle">${escape(x)}</text><text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escape(y)}</text>`;
  return [...grid, ...drawn, names].join('\n');
}

function lineOf({ label, points, isComputed = false }: Line, colour: string, legendY: number, place: (point: readonly [number, number]) => readonly [number, number]): string {
  const placed = points.map(place);
  const dots = isComputed ? '' : placed.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`).join('');
  const dash = isComputed ? ' stroke-dasharray="5 4"' : '';
  return `<polyline fill="none" stroke="${colour}" stroke-width="2"${dash} points="${placed.map((at) => at.join(',')).join(' ')}"/>${dots}<text x="${MARGIN.left + 8}" y="${legendY}" style="fill:${colour}">${escape(label)}</text>`;
}

function axis(values: readonly number[], from: number, to: number): { ticks: readonly number[]; place: (value: number) => number } {
  const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.max(Math.ceil(Math.log10(Math.max(...values))), Math.floor(Math.log10(Math.min(...values))) + 1)];
  const place = (value: number): number => Math.round(from + ((Math.log10(value) - low) / (high - low)) * (to - from));
  return { ticks: Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)), place };
}

function short(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000} M`;
  return value >= 1_000 ? `${value / 1_000} k` : String(value);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
