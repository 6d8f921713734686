import { chromium } from '@playwright/test';
import type { TestDocker } from '../support/docker.ts';
import { startGatehouse } from './gatehouse.ts';
import { median, type Row } from './report.ts';

const runs = 5;

/** First paint of the dashboard in a real browser, and how soon a container's start shows on its page. */
export async function measureDashboard(docker: TestDocker): Promise<Row[]> {
  const gatehouse = await startGatehouse(['--docker', docker.endpoint]);
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(gatehouse.signInUrl);
    const paints: number[] = [];
    for (let n = 0; n < runs; n++) {
      await page.reload();
      await page.getByRole('heading', { level: 1 }).waitFor();
      paints.push(
        await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN),
      );
    }
    await page.goto(new URL('/containers', gatehouse.signInUrl).href);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const shown: number[] = [];
    for (let n = 0; n < runs; n++) {
      const name = `shows-${n}`;
      const id = await docker.run({ name, start: false });
      await page.getByText(name, { exact: true }).first().waitFor();
      const running = page
        .getByRole('row')
        .filter({ hasText: name })
        .filter({ hasText: /running/i });
      const answer = await docker.api('POST', `/containers/${id}/start`);
      if (answer.status !== 204) throw new Error(`docker start answered ${answer.status}: ${answer.body}`);
      const startedAt = performance.now();
      await running.waitFor();
      shown.push(performance.now() - startedAt);
    }
    const common = { scenario: 'dashboard', program: 'gatehouse', unit: 'ms' } as const;
    return [
      { ...common, figure: 'first contentful paint, median of 5', value: median(paints), goal: { atMost: 1000 } },
      { ...common, figure: "a container's start shows, median of 5", value: median(shown), goal: { atMost: 300 } },
    ];
  } finally {
    await browser.close();
    await gatehouse.stop();
    await docker.clear();
  }
}
