/** Tables in Markdown, and everything in JSON. */

export interface Row {
  readonly tokenizer: string;
  readonly corpus: string;
  readonly contestant: string;
  readonly ours: boolean;
  /** MB/s of the first text that a fresh tokenizer encodes. */
  readonly cold: number;
  /** MB/s of the same text once more. */
  readonly warm: number;
  /** false: the ids are not those of the first row. */
  readonly idsEqual: boolean;
}

/** One table for each tokenizer and corpus; ratios are merganser's first row over the contestant. */
export function markdown(rows: readonly Row[]): string {
  const tables: string[] = [];
  for (const group of grouped(rows)) {
    const [first] = group;
    tables.push(
      [
        `### ${first.tokenizer} · ${first.corpus}`,
        '',
        '| | cold MB/s | warm MB/s | merganser is faster by (cold / warm) | ids |',
        '|---|---:|---:|---:|---|',
        ...group.map((row) => {
          const ratio = row === first ? '' : `${times(first.cold / row.cold)} / ${times(first.warm / row.warm)}`;
          return `| ${row.contestant} | ${speed(row.cold)} | ${speed(row.warm)} | ${ratio} | ${row.idsEqual ? 'equal' : '**FAILED**'} |`;
        }),
      ].join('\n'),
    );
  }
  return tables.join('\n\n');
}

export interface ShortRow {
  readonly tokenizer: string;
  readonly corpus: string;
  readonly length: number;
  readonly contestant: string;
  /** MB/s with one call for each string; and with all strings in one call, where the library has that. */
  readonly single: number;
  readonly batched: number | null;
  readonly idsEqual: boolean;
}

export function shortMarkdown(rows: readonly ShortRow[]): string {
  return [
    '| tokenizer | corpus | string | | one by one, MB/s | batched, MB/s | number of ids |',
    '|---|---|---:|---|---:|---:|---|',
    ...rows.map(
      (row) =>
        `| ${row.tokenizer} | ${row.corpus} | ${row.length} B | ${row.contestant} | ${speed(row.single)} | ${row.batched === null ? '–' : speed(row.batched)} | ${row.idsEqual ? 'equal' : '**FAILED**'} |`,
    ),
  ].join('\n');
}

function grouped(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.tokenizer}\0${row.corpus}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

function speed(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

function times(value: number): string {
  return `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} ×`;
}
