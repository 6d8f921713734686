import { expect, it } from 'vitest';
import { importFiles } from './import-files.ts';

const file = (webkitRelativePath: string, size = 10) => ({
  name: webkitRelativePath.split('/').at(-1) ?? '',
  size,
  webkitRelativePath,
  text: () => Promise.resolve(`content of ${webkitRelativePath}`),
});

it('takes what an import reads, by its path below the chosen folder', async () => {
  const files = [
    file('letsencrypt/live/nas/fullchain.pem'),
    file('letsencrypt/renewal/nas.conf'),
    file('letsencrypt/database.sqlite'),
    file('letsencrypt/huge.pem', 1e9),
  ];
  expect(await importFiles(files)).toEqual([
    { path: 'live/nas/fullchain.pem', content: 'content of letsencrypt/live/nas/fullchain.pem' },
    { path: 'renewal/nas.conf', content: 'content of letsencrypt/renewal/nas.conf' },
  ]);
});

it('takes a single file by its name', async () => {
  const single = { name: 'acme.json', size: 2, webkitRelativePath: '', text: () => Promise.resolve('{}') };
  expect(await importFiles([single])).toEqual([{ path: 'acme.json', content: '{}' }]);
});
