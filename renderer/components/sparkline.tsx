/** A small picture of the last minutes. It repeats the number beside it, so it is hidden from screen readers. */
export function Sparkline({
  values,
  width = 96,
  height = 20,
}: {
  values: readonly (number | null)[];
  width?: number;
  height?: number;
}) {
  const top = Math.max(1, ...values.map((value) => value ?? 0));
  const step = values.length > 1 ? width / (values.length - 1) : width;
  let path = '';
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    const x = (index * step).toFixed(1);
    const y = (height - 1.5 - (value / top) * (height - 3)).toFixed(1);
    path += `${pen ? 'L' : 'M'}${x} ${y}`;
    pen = true;
  });
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden className="block shrink-0">
      <path d={`M0 ${height - 0.5}H${width}`} stroke="var(--line)" strokeWidth="1" fill="none" />
      <path d={path} stroke="var(--series-1)" strokeWidth="1.5" fill="none" strokeLinejoin="round" />
    </svg>
  );
}
