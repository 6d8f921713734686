import { gaugeText } from './family.ts';

/** What every client of Prometheus tells of its process. */
export function processText(): string {
  const { user, system } = process.cpuUsage();
  const one = (value: number) => [{ labels: {}, value }];
  return [
    gaugeText(
      'process_cpu_seconds_total',
      'Total user and system CPU time spent in seconds.',
      one((user + system) / 1e6),
      'counter',
    ),
    gaugeText('process_resident_memory_bytes', 'Resident memory size in bytes.', one(process.memoryUsage.rss())),
    gaugeText(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      one(Math.round(performance.timeOrigin) / 1000),
    ),
  ].join('');
}
