import { X509Certificate } from 'node:crypto';
import { gaugeText } from './family.ts';

/** When each certificate that is served ends, seconds since 1970. Those that cannot be read are left out. */
export function certificateText(certificates: readonly { readonly certificatePem: string }[]): string {
  const samples = certificates.flatMap(({ certificatePem }) => {
    const certificate = readCertificate(certificatePem);
    if (certificate === null) return [];
    const { subject, subjectAltName = '', serialNumber, validTo } = certificate;
    const labels = {
      cn: /^CN=(.*)$/m.exec(subject)?.[1] ?? '',
      sans: subjectAltName
        .split(', ')
        .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
        .join(','),
      serial: BigInt(`0x${serialNumber}`).toString(),
    };
    return [{ labels, value: Date.parse(validTo) / 1000 }];
  });
  return gaugeText('traefik_tls_certs_not_after', 'Certificate expiration timestamp', samples);
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    // Whoever serves it says what is wrong with it.
    return null;
  }
}
