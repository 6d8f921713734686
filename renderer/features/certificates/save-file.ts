import type { Download } from '../../../app/contract/certificates.ts';

/** Hands a download to the browser, which keeps it as a file. */
export function saveFile({ fileName, mediaType, encoding, content }: Download): void {
  const bytes =
    encoding === 'utf8'
      ? new TextEncoder().encode(content)
      : Uint8Array.from(atob(content), (char) => char.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: mediaType }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
