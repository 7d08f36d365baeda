// Around every chart: its title, the table behind it, and the same as a CSV file.
import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { csvOf, type Column } from './csv.ts';
import { decimalText } from './figures.ts';
import { saveText } from './save-text.ts';

interface ChartFrameProps<Row> {
  readonly title: string;
  /** Where it stands among the headings of the page. */
  readonly level?: 2 | 3;
  /** Of the file, without its ending. */
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Beside the title, like what the pointer is on. */
  readonly note?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function ChartFrame<Row>(props: ChartFrameProps<Row>) {
  const { title, level = 3, name, columns, rows, note, children } = props;
  const Heading: 'h2' | 'h3' = `h${level}`;
  const [isTable, setTable] = useState(false);
  const id = useId();
  return (
    <section class="chart" aria-labelledby={id}>
      <div class="chart-head">
        <Heading id={id}>{title}</Heading>
        <div class="chart-note">{note}</div>
        <button
          type="button"
          class="quiet-button"
          aria-pressed={isTable}
          aria-label={`${title} as a table`}
          onClick={() => setTable(!isTable)}
        >
          Table
        </button>
        <button
          type="button"
          class="quiet-button"
          aria-label={`${title} as CSV`}
          onClick={() => saveText(`${name}.csv`, csvOf(columns, rows))}
        >
          CSV
        </button>
      </div>
      {isTable ? <DataTable title={title} columns={columns} rows={rows} /> : children}
    </section>
  );
}

export function DataTable<Row>(props: {
  title: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
}) {
  const { title, columns, rows } = props;
  return (
    <div class="table-scroll chart-table" tabIndex={0} role="region" aria-label={`Table: ${title}`}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={column.isNumber && 'number'}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map(({ title: head, of, isNumber }) => {
                const value = of(row);
                return (
                  <td key={head} class={isNumber && 'number'}>
                    {typeof value === 'number' ? decimalText(value) : (value ?? '—')}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
