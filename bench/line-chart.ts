/** Charts of a few lines, as SVG. */

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly Line[];
  /** Both axes are logarithmic where they are not told otherwise. */
  readonly linearY?: boolean;
}

const COLOURS = ['#c0392b', '#2471a3', '#1e8449', '#7d3c98', '#b9770e'];
const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [460, 320, 62, 34, 104, 46];

/** Charts beside each other. */
export function svgOf(charts: readonly Chart[]): string {
  const parts = charts.map((chart, i) => `<g transform="translate(${i * WIDTH} 0)">${chartOf(chart)}</g>`);
  const size = `width="${charts.length * WIDTH}" height="${HEIGHT}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11"><rect ${size} fill="white"/>${parts.join('')}</svg>\n`;
}

function chartOf({ title, xTitle, yTitle, lines, linearY = false }: Chart): string {
  const all = lines.flatMap(({ points }) => points);
  const x = axis(
    all.map(([value]) => value),
    LEFT,
    WIDTH - RIGHT,
    false,
  );
  const y = axis(
    all.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
    linearY,
  );
  const grid = [
    ...x.ticks.map(
      (tick) =>
        `<path d="M${x.at(tick)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/>${text(x.at(tick), HEIGHT - BOTTOM + 15, 'middle', label(tick))}`,
    ),
    ...y.ticks.map(
      (tick) => `<path d="M${LEFT} ${y.at(tick)}H${WIDTH - RIGHT}" stroke="#ddd"/>${text(LEFT - 6, y.at(tick) + 4, 'end', label(tick))}`,
    ),
  ];
  const drawn = lines.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = points.map(([px, py], at) => `${at === 0 ? 'M' : 'L'}${x.at(px).toFixed(1)} ${y.at(py).toFixed(1)}`).join('');
    const key = TOP + 10 + 16 * i;
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"/><path d="M${WIDTH - RIGHT + 8} ${key}h14" stroke="${colour}" stroke-width="2"/>${text(WIDTH - RIGHT + 26, key + 4, 'start', name)}`;
  });
  const titles = [
    text((LEFT + WIDTH - RIGHT) / 2, 18, 'middle', title),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, 'middle', xTitle),
    `<g transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)">${text(0, 0, 'middle', yTitle)}</g>`,
  ];
  return [...grid, ...drawn, ...titles].join('');
}

function axis(values: readonly number[], from: number, to: number, linear: boolean): { at: (value: number) => number; ticks: number[] } {
  const scale = linear ? (value: number) => value : (value: number) => Math.log10(Math.max(value, 1e-7));
  const low = linear ? 0 : Math.floor(Math.min(...values.map(scale)) * 4) / 4;
  const high = linear ? 1 : Math.ceil(Math.max(...values.map(scale)) * 4) / 4;
  const ticks = linear
    ? [0, 0.25, 0.5, 0.75, 1]
    : [-7, -6, -5, -4, -3, -2, -1, 0]
        .flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))
        .filter((tick) => scale(tick) >= low - 1e-9 && scale(tick) <= high + 1e-9);
  const every = Math.ceil(ticks.length / 12);
  return { at: (value) => from + ((scale(value) - low) / (high - low)) * (to - from), ticks: ticks.filter((_, i) => i % every === 0) };
}

function label(value: number): string {
  return value >= 0.001 || value === 0 ? String(Number(value.toPrecision(2))) : value.toExponential(0);
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${content.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</text>`;
}
