import { readFile } from 'node:fs/promises';
import { connect, type PeerCertificate } from 'node:tls';
import { expect, test } from '@playwright/test';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { missingForPebble, startPebble, type TestPebble } from '../support/pebble.ts';

/** From "Add a domain" in the dashboard to a certificate that visitors get, with a real CA and a real engine. */

const missing = missingForPebble();
test.skip(missing !== null && process.env['CI'] === undefined, missing ?? '');
test.setTimeout(180_000);

let pebble: TestPebble;
let engine: RunningGatehouse;

test.beforeAll(async () => {
  pebble = await startPebble();
  engine = await startGatehouse([
    ...['--http', `127.0.0.1:${pebble.httpPort}`],
    ...['--https', `127.0.0.1:${pebble.tlsPort}`],
  ]);
});
test.afterAll(async () => {
  await engine?.stop();
  await pebble?.stop();
});

/** What visitors of a host get. Rejects where no root of Pebble's stands behind it. */
async function served(servername: string): Promise<PeerCertificate> {
  const ca = await pebble.root();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: pebble.tlsPort, servername, ca }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('a domain is added in the dashboard, and visitors get its certificate', async ({ page }) => {
  const signIn = /http:\S+\/sign-in\?code=\S+/.exec(engine.output())?.[0] ?? '';
  await page.goto(signIn);
  await page.getByRole('link', { name: 'Certificates' }).click();
  await page.getByRole('button', { name: 'Add a domain' }).first().click();
  const form = page.getByRole('dialog', { name: 'Add a domain' });
  await form.getByLabel('Domain').fill('photos.example.org');
  await form.getByLabel('E-mail').fill('ada@example.org');
  await form.getByRole('radio', { name: /^Over HTTP/ }).check({ timeout: 60_000 });
  await form.getByText('Authority and key').click();
  await form.getByLabel('Authority', { exact: true }).selectOption('other');
  await form.getByLabel('Directory address').fill(pebble.directoryUrl);
  await form.getByLabel('Its root certificate (PEM)').fill(await readFile(pebble.trustPath, 'utf8'));
  const startedAt = performance.now();
  await form.getByRole('button', { name: 'Get the certificate' }).click();

  const watched = page.getByRole('dialog', { name: 'Getting a certificate for photos.example.org' });
  await expect(watched.getByText('photos.example.org has its certificate.')).toBeVisible({ timeout: 120_000 });
  const tookS = (performance.now() - startedAt) / 1000;
  console.log(`from "Get the certificate" to a served certificate: ${tookS.toFixed(1)} s`);
  for (const step of [
    /^Account ready/,
    /^Ordered/,
    /^Answer laid out at http:\/\/photos\.example\.org\/\.well-known\/acme-challenge\//,
    'Told the authority to look',
    /^It came/,
    'Proved',
    'Key handed in for signing',
    /^Certificate received/,
    'In use from the next visit on',
  ]) {
    await expect(watched.getByText(step)).toBeVisible();
  }
  expect((await served('photos.example.org')).subjectaltname).toContain('photos.example.org');

  await watched.getByRole('button', { name: 'Show the certificate' }).click();
  const detail = page.getByRole('complementary', { name: 'photos.example.org' });
  await expect(detail.getByText(/^Pebble Intermediate CA/)).toBeVisible();
  await detail.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('link', { name: /^Resolvers/ }).click();
  await expect(page.getByText('ada@example.org')).toBeVisible();

  // The next one needs a domain and nothing else.
  await page.getByRole('link', { name: /^Certificates \d/ }).click();
  await page.getByRole('button', { name: 'Add a domain' }).click();
  await form.getByLabel('Domain').fill('music.example.org');
  const existing = form.getByRole('radio', { name: /^As the resolver default/ });
  await expect(existing.or(form.getByRole('radio', { name: /^By DNS/ })).first()).toBeVisible({ timeout: 60_000 });
  await form.getByRole('button', { name: 'Cancel' }).click();
});
