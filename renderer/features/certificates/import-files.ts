/** What a folder of certbot or Nginx Proxy Manager may hold beside its certificates is left on the device. */
const wanted = /(\.pem|\.conf|\.json)$/;
const mostBytes = 32 * 1024 * 1024;

interface NamedFile {
  readonly name: string;
  readonly size: number;
  readonly webkitRelativePath?: string;
  readonly text: () => Promise<string>;
}

/** Files as an import takes them: paths without the name of the folder that was chosen. */
export async function importFiles(
  files: readonly NamedFile[],
): Promise<{ readonly path: string; readonly content: string }[]> {
  const chosen = files.filter(({ name, size }) => wanted.test(name) && size <= mostBytes);
  return Promise.all(
    chosen.map(async (file) => {
      const relative = file.webkitRelativePath ?? '';
      return {
        path: relative === '' ? file.name : relative.replace(/^[^/]+\//, ''),
        content: await file.text(),
      };
    }),
  );
}
