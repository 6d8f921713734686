// `npm run icons`: draws the PNG files of build/icons from their SVG files, in a Chromium. The results are committed.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from '@playwright/test';
import { rootDir } from './setup.mjs';

const iconsDir = path.join(rootDir, 'build/icons');
const traySize = 16;
const states = ['lit', 'dim', 'dot', 'cross'];

/** Panels may be dark or light, and only macOS says which: a white shape with a dark edge reads on both. */
const panelStyle = `color: #fff; overflow: visible; transform: scale(0.88); filter: ${[
  'drop-shadow(0.6px 0 0 #2a2a2a)',
  'drop-shadow(-0.6px 0 0 #2a2a2a)',
  'drop-shadow(0 0.6px 0 #2a2a2a)',
  'drop-shadow(0 -0.6px 0 #2a2a2a)',
].join(' ')}`;
const templateStyle = 'color: #000';

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium' });
try {
  const page = await browser.newPage();
  await draw(page, 'icon.svg', 1024, 'icon.png', '');
  for (const state of states) {
    for (const scale of [1, 2]) {
      const suffix = scale === 1 ? '' : `@${scale}x`;
      await draw(page, `tray/${state}.svg`, traySize * scale, `tray/${state}Template${suffix}.png`, templateStyle);
      await draw(page, `tray/${state}.svg`, traySize * scale, `tray/${state}${suffix}.png`, panelStyle);
    }
  }
} finally {
  await browser.close();
}

async function draw(page, svg, size, png, style) {
  const source = readFileSync(path.join(iconsDir, svg), 'utf8');
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<style>html, body { margin: 0; overflow: hidden } svg { display: block; width: ${size}px; height: ${size}px; ${style} }</style>${source}`,
  );
  writeFileSync(path.join(iconsDir, png), await page.screenshot({ omitBackground: true }));
}
