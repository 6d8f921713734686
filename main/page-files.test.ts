import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerPage, pageFilePath } from './page-files.ts';

let dir: string;
let rendererDir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'gatehouse-page-'));
  rendererDir = path.join(dir, 'renderer');
  await mkdir(path.join(rendererDir, 'assets'), { recursive: true });
  await writeFile(path.join(rendererDir, 'index.html'), '<!doctype html>index');
  await writeFile(path.join(rendererDir, 'assets/main.js'), 'export {}');
  await writeFile(path.join(dir, 'secret.json'), 'secret');
});

afterAll(() => rm(dir, { recursive: true, force: true }));

const get = (url: string) => answerPage(rendererDir, { method: 'GET', url });

describe('answerPage', () => {
  it('gives the page for its own address and for addresses inside it', async () => {
    for (const url of ['app://gatehouse/', 'app://gatehouse/routers/whoami@docker', 'app://gatehouse/containers/a.b']) {
      const answer = await get(url);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('index');
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    }
  });

  it('gives assets with their type, and no made-up ones', async () => {
    const script = await get('app://gatehouse/assets/main.js');
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect((await get('app://gatehouse/assets/gone.js')).status).toBe(404);
  });

  it('sends a policy that lets in neither foreign nor inline scripts', async () => {
    const policy = (await get('app://gatehouse/')).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
  });

  it('answers only reading', async () => {
    expect((await answerPage(rendererDir, { method: 'POST', url: 'app://gatehouse/' })).status).toBe(404);
  });
});

describe('pageFilePath', () => {
  it('never leaves the folder, however the way out is spelled', () => {
    const ways = [
      '../secret.json',
      '..%2fsecret.json',
      '%2e%2e/secret.json',
      '%2e%2e%2fsecret.json',
      'assets/..%2f..%2fsecret.json',
    ];
    for (const way of [
      ...ways,
      '..%5csecret.json',
      '%00.json',
      '/etc/passwd.json',
      '%2fetc%2fpasswd.json',
      '%ff.json',
    ]) {
      const file = pageFilePath(rendererDir, `app://gatehouse/${way}`);
      expect(file === null || file.startsWith(`${rendererDir}${path.sep}`), `${way} gave ${file}`).toBe(true);
    }
    expect(pageFilePath(rendererDir, 'app://gatehouse/..%2fsecret.json')).toBeNull();
  });

  it('knows only its own origin', () => {
    for (const url of ['app://other/index.html', 'file:///etc/passwd', 'https://gatehouse/', 'nonsense']) {
      expect(pageFilePath(rendererDir, url), url).toBeNull();
    }
  });
});
