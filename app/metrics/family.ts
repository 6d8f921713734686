/** Label names and values; names are in alphabetical order in what is shown, as Prometheus' clients have it. */
export type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  value: number;
}

interface Distribution {
  readonly labels: Labels;
  sum: number;
  readonly counts: number[];
}

/** All series of one name, in Prometheus' text format (version 0.0.4). */
export interface Family {
  readonly text: () => string;
  /** Forgets series whose labels are not to be kept. */
  readonly retain: (isKept: (labels: Labels) => boolean) => void;
}

export interface CounterFamily extends Family {
  readonly add: (labels: Labels, amount: number) => void;
}

export interface HistogramFamily extends Family {
  /** `counts`: how many fell into each bucket, and one more for what lies above the last. */
  readonly add: (labels: Labels, sum: number, counts: readonly number[]) => void;
}

export function createCounter(name: string, help: string): CounterFamily {
  const samples = new Map<string, Sample>();
  return {
    add: (labels, amount) => {
      const key = keyOf(labels);
      const known = samples.get(key);
      if (known) known.value += amount;
      else samples.set(key, { labels, value: amount });
    },
    text: () => familyText(name, 'counter', help, linesOf(name, [...samples.values()])),
    retain: (isKept) => retain(samples, isKept),
  };
}

export function createHistogram(name: string, help: string, bounds: readonly number[]): HistogramFamily {
  const samples = new Map<string, Distribution>();
  return {
    add: (labels, sum, counts) => {
      const key = keyOf(labels);
      let known = samples.get(key);
      if (!known) {
        known = { labels, sum: 0, counts: bounds.map(() => 0).concat(0) };
        samples.set(key, known);
      }
      known.sum += sum;
      for (const [index, count] of counts.entries()) known.counts[index] = (known.counts[index] ?? 0) + count;
    },
    text: () => {
      const lines = [...samples.values()].flatMap(({ labels, sum, counts }) => {
        let below = 0;
        const buckets = counts.map((count, index) => {
          below += count;
          const le = index < bounds.length ? String(bounds[index]) : '+Inf';
          return `${name}_bucket${labelText({ ...labels, le })} ${below}`;
        });
        return [...buckets, `${name}_sum${labelText(labels)} ${sum}`, `${name}_count${labelText(labels)} ${below}`];
      });
      return familyText(name, 'histogram', help, lines);
    },
    retain: (isKept) => retain(samples, isKept),
  };
}

/** What is read when it is asked for. */
export function gaugeText(
  name: string,
  help: string,
  samples: readonly { readonly labels: Labels; readonly value: number }[],
  type: 'gauge' | 'counter' = 'gauge',
): string {
  return familyText(name, type, help, linesOf(name, samples));
}

function linesOf(name: string, samples: readonly { readonly labels: Labels; readonly value: number }[]): string[] {
  return samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}`);
}

function familyText(name: string, type: string, help: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}

/** Series of one family have their labels in one order. */
function keyOf(labels: Labels): string {
  return Object.values(labels).join('\n');
}

function labelText(labels: Labels): string {
  const pairs = Object.keys(labels)
    .toSorted()
    .map((name) => `${name}="${escaped(labels[name] ?? '')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', String.raw`\\`).replaceAll('"', String.raw`\"`).replaceAll('\n', String.raw`\n`);
}

function retain<Value extends { readonly labels: Labels }>(
  samples: Map<string, Value>,
  isKept: (labels: Labels) => boolean,
): void {
  for (const [key, { labels }] of samples) if (!isKept(labels)) samples.delete(key);
}
