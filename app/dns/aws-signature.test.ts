import { expect, test } from 'vitest';
import { signedForAws } from './aws-signature.ts';

// From AWS's published Signature Version 4 test suite: get-vanilla and get-vanilla-query-order-key-case.
const base = {
  method: 'GET',
  body: '',
  region: 'us-east-1',
  service: 'service',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: '',
  at: new Date('2015-08-30T12:36:00Z'),
};

test.each([
  ['https://example.amazonaws.com/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'https://example.amazonaws.com/?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
])('signs %s as AWS does', (url, signature) => {
  expect(signedForAws({ ...base, url })).toEqual({
    'x-amz-date': '20150830T123600Z',
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  });
});

test('signs a session token with the rest', () => {
  const headers = signedForAws({ ...base, url: 'https://example.amazonaws.com/', sessionToken: 'session' });
  expect(headers['x-amz-security-token']).toBe('session');
  expect(headers['authorization']).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
});
