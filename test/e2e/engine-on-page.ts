import { expect, type Page } from '@playwright/test';
import { sentenceOf } from '../../app/contract/sentence.ts';
import { type ControlConnection, connectControl } from '../../app/operations/client.ts';

/** Waits until the engine of a data folder answers. */
export async function connected(dataDir: string): Promise<ControlConnection> {
  let connection: ControlConnection | undefined;
  await expect
    .poll(async () => (connection = await connectControl(dataDir).catch(() => undefined)) !== undefined, {
      timeout: 20_000,
    })
    .toBe(true);
  return connection!;
}

/** The page says of the engine what the engine says of itself. */
export async function showsEngine(page: Page, dataDir: string): Promise<void> {
  const engine = await connected(dataDir);
  const { parts } = sentenceOf(await engine.client.status(), 'en');
  engine.close();
  for (const { text } of parts.filter((part) => part.text.trim().length > 1)) {
    await expect(page.getByText(text.trim(), { exact: false }).first()).toBeVisible({ timeout: 20_000 });
  }
}
