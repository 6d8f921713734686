import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  type SortingState,
  sortFns,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useRowKeys } from './use-row-keys.ts';

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel(), sortFns });

export interface Column<T> {
  readonly id: string;
  readonly head: ReactNode;
  readonly cell: (row: T) => ReactNode;
  /** What it is sorted by; columns without it cannot be. */
  readonly sortBy?: ((row: T) => string | number) | undefined;
  /** For both the head and the cells: width, alignment, from which width on it is shown. */
  readonly className?: string | undefined;
}

interface DataTableProps<T> {
  readonly label: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly rowKey: (row: T) => string;
  readonly selected?: string | null | undefined;
  /** Opens a row: by click anywhere on it. Its first cell holds a link for the keyboard. */
  readonly onOpen?: ((row: T) => void) | undefined;
  readonly rowHeightPx: number;
  /** Rows of another kind between them, such as the name of a group before its first row. */
  readonly groupOf?: ((row: T) => { readonly key: string; readonly head: ReactNode } | null) | undefined;
}

const groupHeightPx = 40;

/** A table that sorts, draws only the rows in sight, and is walked by keyboard. It scrolls itself. */
export function DataTable<T extends object>({
  label,
  rows,
  columns,
  rowKey,
  selected,
  onOpen,
  rowHeightPx,
  groupOf,
}: DataTableProps<T>) {
  const scrollRef = useRef<HTMLDivElement>(null);
  useRowKeys(scrollRef);
  const [sorting, setSorting] = useState<SortingState>([]);
  const definitions = useMemo(
    () =>
      columns.map((column): ColumnDef<typeof features, T> => {
        const { sortBy } = column;
        return sortBy
          ? { id: column.id, accessorFn: sortBy, sortFn: 'alphanumeric' }
          : { id: column.id, enableSorting: false };
      }),
    [columns],
  );
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: rowKey,
    state: { sorting },
    onSortingChange: setSorting,
  });
  const sorted = table.getRowModel().rows;
  // Groups make sense in the given order only.
  const grouped = sorting.length === 0 ? groupOf : undefined;
  const lines = useMemo(() => {
    type Line = { kind: 'row'; row: T } | { kind: 'group'; key: string; head: ReactNode };
    const result: Line[] = [];
    let last: string | null = null;
    for (const { original } of sorted) {
      const group = grouped?.(original) ?? null;
      if (group && group.key !== last) result.push({ kind: 'group', ...group });
      last = group?.key ?? null;
      result.push({ kind: 'row', row: original });
    }
    return result;
  }, [sorted, grouped]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: (index) => (lines[index]?.kind === 'group' ? groupHeightPx : rowHeightPx),
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);

  return (
    <div
      ref={scrollRef}
      className="@container min-h-0 flex-1 overflow-x-hidden overflow-y-auto"
      role="group"
      aria-label={label}
    >
      <table className="w-full table-fixed border-separate border-spacing-0 text-left" aria-rowcount={rows.length + 1}>
        <caption className="sr-only">{label}</caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const handle = table.getColumn(column.id);
              const direction = handle?.getIsSorted() ?? false;
              return (
                <th
                  key={column.id}
                  scope="col"
                  aria-sort={direction === 'asc' ? 'ascending' : direction === 'desc' ? 'descending' : undefined}
                  className={`sticky top-0 z-10 h-9 border-b border-line bg-ground px-2 text-12 font-medium text-muted first:pl-4 last:pr-4 rail:first:pl-7 rail:last:pr-7 ${column.className ?? ''}`}
                >
                  {column.sortBy ? (
                    <button
                      type="button"
                      className="inline-flex items-center gap-1 hover:text-text"
                      onClick={handle?.getToggleSortingHandler()}
                    >
                      {column.head}
                      {direction === 'asc' && <ArrowUp size={12} aria-hidden />}
                      {direction === 'desc' && <ArrowDown size={12} aria-hidden />}
                    </button>
                  ) : (
                    column.head
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {before > 0 && (
            <tr aria-hidden>
              <td style={{ height: before, padding: 0 }} />
            </tr>
          )}
          {items.map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            if (line.kind === 'group') {
              // Not spanned: columns that are hidden for want of room would come back as empty ones.
              return (
                <tr key={`group ${line.key}`} style={{ height: groupHeightPx }}>
                  <th
                    scope="rowgroup"
                    className="px-4 pt-3 align-middle text-12 font-medium whitespace-nowrap text-muted rail:px-7"
                  >
                    {line.head}
                  </th>
                </tr>
              );
            }
            const { row } = line;
            const isSelected = rowKey(row) === selected;
            return (
              <tr
                key={rowKey(row)}
                style={{ height: rowHeightPx }}
                aria-current={isSelected || undefined}
                className={`group/row ${isSelected ? 'bg-accent-soft' : 'hover:bg-hover'} ${onOpen ? 'cursor-pointer' : ''}`}
                onClick={(event) => {
                  if (!(event.target as HTMLElement).closest('a, button, input, [role="menuitem"]')) onOpen?.(row);
                }}
              >
                {columns.map((column) => (
                  <td
                    key={column.id}
                    className={`border-b border-line px-2 align-middle first:pl-4 last:pr-4 rail:first:pl-7 rail:last:pr-7 ${column.className ?? ''}`}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {after > 0 && (
            <tr aria-hidden>
              <td style={{ height: after, padding: 0 }} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
