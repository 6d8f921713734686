import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page, test } from '@playwright/test';

/** Every page in every state it is designed for, against the fake engine. */

const states = ['few', 'one-broken', 'empty', 'thousand', 'broken', 'offline', 'loading'] as const;
const pages = [
  ['overview', '/'],
  ['containers', '/containers'],
  ['routers', '/routers'],
  ['services', '/services'],
  ['middlewares', '/middlewares'],
  ['certificates', '/certificates'],
  ['resolvers', '/resolvers'],
  ['logs', '/logs'],
  ['explain', '/explain'],
  ['settings', '/settings'],
] as const;

/** Errors that the page wrote or threw; a page that is well has none. */
function watch(page: Page): string[] {
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return errors;
}

async function open(page: Page, path: string, state: string): Promise<void> {
  const url = new URL(path, 'http://dashboard.invalid');
  url.searchParams.set('fake', state);
  await page.goto(`${url.pathname}${url.search}${url.hash}`);
  if (state === 'loading') await expect(page.getByRole('status', { name: 'Loading' })).toBeVisible();
  else if (state === 'signed-out') await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  else await expect(page.locator('h1')).toBeVisible();
  if (state === 'offline') await expect(page.getByText('The engine has been away since')).toBeVisible();
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(
    violations.map(
      ({ id, nodes }) =>
        `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary ?? ''}`).join(' | ')}`,
    ),
  ).toEqual([]);
}

async function expectNoSideways(page: Page): Promise<void> {
  const { content, room } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    room: window.innerWidth,
  }));
  expect(content).toBeLessThanOrEqual(room);
}

for (const [name, path] of pages) {
  for (const state of states) {
    test(`${name}, ${state}`, async ({ page }) => {
      const errors = watch(page);
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await page.setViewportSize({ width: 1440, height: 900 });
      await open(page, path, state);
      await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
      await expectAccessible(page);
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
      await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
      await page.setViewportSize({ width: 360, height: 740 });
      await expect(page.getByRole('navigation', { name: 'Pages' })).toBeVisible();
      await expectAccessible(page);
      await expectNoSideways(page);
      expect(errors).toEqual([]);
    });
  }
}

const details = [
  ['container', '/containers/grafana'],
  ['router', '/routers/grafana@docker'],
  ['service', '/services/grafana@docker'],
  ['TCP router', '/routers/tcp%20mail@file'],
  ['service with several servers', '/services/shop@file'],
  ['middleware', '/middlewares/family@file'],
  ['certificate', '/certificates/crt-*.home.example.org'],
  ['request', '/logs/r00000400'],
  ['explanation', '/explain?url=https%3A%2F%2Fgrafana.home.example.org%2F'],
  ['explanation of a connection', '/explain?url=tcp%3A%2F%2F%3A5432'],
  ['something gone', '/routers/gone@docker'],
] as const;

for (const [name, path] of details) {
  for (const width of [1440, 360]) {
    test(`the detail of a ${name} at ${width} px`, async ({ page }) => {
      const errors = watch(page);
      await page.setViewportSize({ width, height: 800 });
      await open(page, path, 'one-broken');
      if (name.startsWith('explanation'))
        await expect(page.getByRole('list', { name: 'The road of a request' })).toBeVisible();
      else await expect(page.getByRole('button', { name: 'Close' }).first()).toBeVisible();
      await expectAccessible(page);
      await expectNoSideways(page);
      expect(errors).toEqual([]);
    });
  }
}

test('a browser that is not signed in is asked to', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/', 'signed-out');
  await expect(page.getByLabel('Password')).toBeFocused();
  await expectAccessible(page);
  expect(errors).toEqual([]);
});

test('every page speaks French', async ({ page }) => {
  const errors = watch(page);
  await page.addInitScript(() => localStorage.setItem('gatehouse.language', 'fr'));
  for (const [, path] of pages) {
    await open(page, path, 'broken');
    await expect(page.locator('html')).toHaveAttribute('lang', 'fr');
    // A key that has no words would show as it is, with its dots.
    expect(await page.locator('main').innerText()).not.toMatch(
      /\b(common|overview|containers|routing|certificates|logs|settings|explain)\.[a-z]/,
    );
  }
  expect(errors).toEqual([]);
});

test('a container is exposed by a click, and it is taken back', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/containers', 'few');
  await page.getByRole('button', { name: 'Expose uptime-kuma' }).click();
  const dialog = page.getByRole('dialog', { name: 'Expose uptime-kuma' });
  await expect(dialog.getByLabel('Host')).toHaveValue('uptime-kuma.home.example.org');
  await expect(dialog.getByLabel('Port', { exact: true })).toHaveValue('3001');
  await dialog.getByLabel('Host').fill('status.home.example.org');
  await expect(dialog.getByRole('list', { name: 'The road of a request' })).toContainText('status.home.example.org');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Expose' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('link', { name: /^status\.home\.example\.org/ })).toHaveAttribute(
    'href',
    'https://status.home.example.org',
  );
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('button', { name: 'Expose uptime-kuma' })).toBeVisible();
  expect(errors).toEqual([]);
});

test('the form says what is missing', async ({ page }) => {
  await open(page, '/containers', 'few');
  await page.getByRole('button', { name: 'Expose uptime-kuma' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Port', { exact: true }).fill('');
  await dialog.getByLabel('Protection').selectOption('password');
  await dialog.getByRole('button', { name: 'Expose' }).click();
  await expect(dialog.getByText('Choose a port.').first()).toBeVisible();
  await expect(dialog.getByText('Give a name and a password of at least 8 characters.').first()).toBeVisible();
});

test('a router of labels is edited, exported, and goes back to what they say', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/routers/grafana@docker', 'few');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'Edit grafana@docker' });
  await expect(form.getByLabel('Host')).toHaveValue('grafana.home.example.org');
  await form.getByLabel('Host').fill('charts.example.org');
  await form.getByLabel('Protection').selectOption('password');
  await form.getByRole('button', { name: 'Save' }).click();
  // A door without a key is not made.
  await expect(form.getByText('Give a name and a password of at least 8 characters.').first()).toBeVisible();
  await form.getByLabel('Protection').selectOption('none');
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toBeHidden();
  await expect(page.getByRole('row', { name: /grafana@docker edited/ })).toContainText('charts.example.org');

  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Export grafana@docker' });
  await expect(dialog.getByRole('region', { name: 'Compose' })).toContainText('charts.example.org');
  await expectAccessible(page);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Back to the original' }).click();
  await expect(page.getByRole('row', { name: /grafana@docker edited/ })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect(page.getByRole('row', { name: /grafana@docker edited/ })).toBeVisible();
  expect(errors).toEqual([]);
});

test('a domain is added in one form, and every step of its order is seen', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/certificates', 'few');
  await page.getByRole('button', { name: 'Add a domain' }).click();
  const form = page.getByRole('dialog', { name: 'Add a domain' });
  await form.getByRole('button', { name: 'Get the certificate' }).click();
  await expect(form.getByText('Write a domain, such as photos.example.org.')).toBeVisible();
  await form.getByLabel('Domain').fill('*.photos.example.org');
  // It says which way can succeed, and which cannot and why.
  await expect(form.getByRole('radio', { name: /^As the resolver cloudflare/ })).toBeChecked();
  await expect(form.getByRole('radio', { name: /^Over HTTP/ })).toBeDisabled();
  await form.getByRole('radio', { name: /^By DNS/ }).check();
  await form.getByLabel('DNS provider').selectOption('OVH');
  await form.getByRole('button', { name: 'Get the certificate' }).click();
  await expect(form.getByText('This is needed.').first()).toBeVisible();
  for (const field of ['Application key', 'Application secret', 'Consumer key']) {
    await form.getByLabel(field).fill('x');
  }
  await form.getByRole('button', { name: 'Check' }).click();
  await expect(form.getByText('It works.')).toBeVisible();
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Get the certificate' }).click();
  const watched = page.getByRole('dialog', { name: 'Getting a certificate for *.photos.example.org' });
  await expect(watched.getByText('Told the authority to look')).toBeVisible({ timeout: 30_000 });
  await expect(watched.getByText('*.photos.example.org has its certificate.')).toBeVisible({ timeout: 30_000 });
  await expect(watched.getByText('In use from the next visit on')).toBeVisible();
  await expectAccessible(page);
  await watched.getByRole('button', { name: 'Show the certificate' }).click();
  await expect(page.getByRole('complementary', { name: '*.photos.example.org' })).toContainText("Let's Encrypt");
  expect(errors).toEqual([]);
});

test('where records are made by hand, the one to create is shown', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/certificates?add=1&name=*.byhand.example.org', 'few');
  const form = page.getByRole('dialog', { name: 'Add a domain' });
  await form.getByRole('radio', { name: /^By DNS/ }).check();
  await form.getByLabel('DNS provider').selectOption('By hand');
  await form.getByRole('button', { name: 'Get the certificate' }).click();
  const watched = page.getByRole('dialog', { name: /^Getting a certificate/ });
  await expect(watched.getByText('Create this record at your DNS provider')).toBeVisible();
  await expect(watched.getByText('_acme-challenge.byhand.example.org', { exact: true })).toBeVisible();
  await expectAccessible(page);
  expect(errors).toEqual([]);
});

test('a certificate is renewed, downloaded, revoked and removed', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/certificates/crt-nextcloud.home.example.org', 'few');
  const detail = page.getByRole('complementary', { name: 'nextcloud.home.example.org' });
  await detail.getByRole('button', { name: 'Renew now' }).click();
  await expect(detail.getByText('What is happening now')).toBeVisible();
  await expect(detail.getByText('What is happening now')).toBeHidden({ timeout: 30_000 });
  const choose = async (item: string): Promise<void> => {
    await detail.getByRole('button', { name: 'Actions for nextcloud.home.example.org' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await choose('Download…');
  const download = page.getByRole('dialog', { name: /^Download the certificate/ });
  await download.getByRole('radio', { name: /PFX/ }).check();
  await download.getByRole('button', { name: 'Download' }).click();
  await expect(download.getByText('Give it a passphrase.')).toBeVisible();
  await expectAccessible(page);
  await download.getByLabel('Passphrase').fill('secret');
  const saved = page.waitForEvent('download');
  await download.getByRole('button', { name: 'Download' }).click();
  expect((await saved).suggestedFilename()).toBe('nextcloud.home.example.org.pfx');
  await choose('Revoke…');
  const revoke = page.getByRole('dialog', { name: /^Revoke the certificate/ });
  await expect(revoke).toContainText('browsers may refuse it');
  await expectAccessible(page);
  await revoke.getByRole('button', { name: 'Revoke it' }).click();
  await expect(detail.getByText('Revoked', { exact: true })).toBeVisible();
  await choose('Remove…');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).click();
  await expect(page).toHaveURL(/\/certificates(\?|$)/);
  await expect(page.getByRole('link', { name: 'nextcloud.home.example.org' })).toHaveCount(0);
  expect(errors).toEqual([]);
});

test('certificates are imported and uploaded, and what was left out is said', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/certificates', 'few');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'Import certificates' });
  await form.getByRole('button', { name: 'Import' }).click();
  await expect(form.getByText('Write where it is.')).toBeVisible();
  await form.getByText('Upload from this device').click();
  await form.getByLabel('Files').setInputFiles({
    name: 'acme.json',
    mimeType: 'application/json',
    buffer: Buffer.from('{}'),
  });
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Import' }).click();
  await expect(form.getByText('1 certificate was taken')).toBeVisible();
  await expect(form.getByText('gone.example.org ended on 2026-08-01.')).toBeVisible();
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Close' }).last().click();

  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  const upload = page.getByRole('dialog', { name: 'Bring a certificate' });
  await upload.getByLabel('Certificate (PEM)').first().fill('nothing');
  await upload.getByRole('button', { name: 'Use it' }).click();
  await expect(upload.getByText('This holds no line “BEGIN CERTIFICATE”.')).toBeVisible();
  await expectAccessible(page);
  expect(errors).toEqual([]);
});

test('a host that another router has is taken only on purpose', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/routers/grafana@docker', 'few');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'Edit grafana@docker' });
  await form.getByLabel('Host').fill('sonarr.home.example.org');
  await form.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(form.getByRole('alert')).toContainText('sonarr@docker has the same rule and priority already');
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Save all the same' }).click();
  await expect(form).toBeHidden();
  await expect(page.getByRole('row', { name: /grafana@docker edited/ })).toContainText('sonarr.home.example.org');
  expect(errors).toEqual([]);
});

test('servers of a service are moved and paused', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/services/shop@file', 'few');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'Edit shop@file' });
  await form.getByLabel('Pause http://192.168.1.32:8080').check();
  await form.getByLabel('Address of http://192.168.1.31:8080').fill('https://192.168.1.40');
  await form.getByLabel('Health check').selectOption('path');
  await form.getByLabel('Path').fill('/ready');
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form).toBeHidden();
  const panel = page.getByRole('complementary', { name: 'shop@file' });
  await expect(panel.getByText('https://192.168.1.40')).toBeVisible();
  await expect(panel.getByText('Paused here')).toBeVisible();
  await expect(panel.getByText('Servers, health check')).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(panel.getByText('Paused here')).toBeHidden();
  expect(errors).toEqual([]);
});

test('a router of connections is edited by what it has', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/routers/tcp%20mail@file', 'few');
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'Edit mail@file' });
  await expect(form.getByLabel('Server name')).toHaveValue('mail.home.example.org');
  await expect(form.getByLabel('Protection').getByRole('option')).toHaveCount(2);
  await form.getByLabel('Server name').fill('imap.home.example.org');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('row', { name: /mail@file edited/ })).toContainText('HostSNI(`imap.home.example.org`)');
  expect(errors).toEqual([]);
});

test('edits whose labels moved on or went away are shown', async ({ page }) => {
  const errors = watch(page);
  await open(page, '/routers/jellyfin@docker', 'few');
  const panel = page.getByRole('complementary', { name: 'jellyfin@docker' });
  await expect(panel.getByText('The label or file says something else since this was edited.')).toBeVisible();
  const waiting = page.getByRole('region', { name: '1 edit waits for what it stands over' });
  await expect(waiting).toContainText('wiki@docker');
  await waiting.getByRole('button', { name: 'Remove the edit wiki@docker' }).click();
  await expect(waiting).toBeHidden();
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect(waiting).toBeVisible();
  expect(errors).toEqual([]);
});

test('the reference of an error page leads to why', async ({ page }) => {
  await open(page, '/', 'few');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search and act' }).fill('Reference 0123456789abcdef');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/explain\?ref=0123456789abcdef/);
});

test('everything is reached by keyboard', async ({ page }) => {
  await open(page, '/', 'few');
  await page.keyboard.press('Control+k');
  const box = page.getByRole('combobox', { name: 'Search and act' });
  await expect(box).toBeFocused();
  await box.fill('grafana@docker');
  await expectAccessible(page);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/routers\/grafana(@|%40)docker/);
  await expect(page.getByRole('complementary', { name: 'grafana@docker' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/routers(\?|$)/);
  await page.keyboard.press('/');
  await expect(page.getByRole('searchbox')).toBeFocused();
  await page.keyboard.type('nextcloud');
  await expect(page.getByRole('row')).toHaveCount(2);
  await page.getByRole('link', { name: 'nextcloud@docker' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'nextcloud@docker' })).toBeVisible();
});

test('the theme and the language are chosen and kept', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await open(page, '/settings', 'few');
  await page.getByText('Dark', { exact: true }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByLabel('Language').selectOption('fr');
  await expect(page.getByRole('heading', { name: 'Apparence' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: 'Apparence' })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('a thousand rows stay light', async ({ page }) => {
  await open(page, '/containers', 'thousand');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Containers');
  const rows = page.locator('tbody tr');
  await expect(rows.first()).toBeVisible();
  expect(await rows.count()).toBeLessThan(80);
  const list = page.getByRole('group', { name: 'Containers' });
  await list.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
  await expect(page.getByRole('link', { name: 'wiki-100', exact: true })).toBeVisible();
  expect(await rows.count()).toBeLessThan(80);
});

test('a hundred thousand log lines scroll smoothly', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, '/logs', 'thousand');
  await expect
    .poll(async () => Number((await page.getByText(/[\d,]+ lines$/).innerText()).replace(/\D/g, '')), {
      timeout: 60_000,
    })
    .toBeGreaterThan(90_000);
  const list = page.getByRole('group', { name: 'Requests' });
  // Time of the page's own thread, so that a busy machine is not held against it.
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busyS = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN;
  };
  const jumps = 60;
  const start = await busyS();
  await list.evaluate(async (element, count) => {
    for (let jump = 1; jump <= count; jump += 1) {
      element.scrollTo({ top: (element.scrollHeight * jump) / (count + 1) });
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  }, jumps);
  // Each jump draws every line in sight anew, which is more than scrolling ever asks for.
  expect(((await busyS()) - start) / jumps).toBeLessThan(0.05);
  expect(await list.locator('li').count()).toBeLessThan(120);
  // It stands still now, and says what waits.
  const line = list.locator('li').nth(20);
  const before = await line.innerText();
  await expect(page.getByRole('button', { name: /new lines?$/ })).toBeVisible();
  expect(await line.innerText()).toBe(before);
  await page.getByRole('button', { name: /new lines?$/ }).click();
  await expect.poll(async () => list.evaluate((element) => element.scrollTop)).toBe(0);
});

test('older lines are loaded, and a filter chooses among all', async ({ page }) => {
  await open(page, '/logs', 'few');
  const list = page.getByRole('group', { name: 'Requests' });
  await expect(list.locator('li').first()).toBeVisible();
  for (let turn = 0; turn < 4; turn += 1) {
    await list.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await page.waitForTimeout(50);
  }
  await expect(async () => {
    await list.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await expect(page.getByText('The log begins here')).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.getByLabel('Status').selectOption('4xx');
  await expect(list.locator('li a').first()).toContainText(/40[134]/);
  await expect(list.locator('li a').filter({ hasText: / 200|200$/ })).toHaveCount(0);
});

test('nothing of the fake is in what is installed', async ({ request }) => {
  const page = await request.get('/');
  expect(page.headers()['content-security-policy']).toContain("script-src 'self'");
  expect(await page.text()).not.toContain('<style');
});

/** `GATEHOUSE_UPDATE_IMAGES=1` replaces the pictures in docs/images; without it they are only taken. */
test('the pictures in the README', async ({ page }, testInfo) => {
  const update = process.env['GATEHOUSE_UPDATE_IMAGES'] === '1';
  const pathOf = (name: string) => (update ? `docs/images/${name}` : testInfo.outputPath(name));
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1280, height: 800 });
  await open(page, '/', 'few');
  await expect(page.locator('canvas').first()).toBeVisible();
  const overview = await page.screenshot({ path: pathOf('overview.png') });
  await open(page, '/containers/uptime-kuma?expose=1', 'few');
  await expect(page.getByRole('list', { name: 'The road of a request' }).last()).toBeVisible();
  const expose = await page.screenshot({ path: pathOf('expose.png') });
  expect(overview.equals(expose)).toBe(false);
});
