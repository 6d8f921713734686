import { describe, expect, it } from 'vitest';
import { signInLinks } from './sign-in-links.ts';

describe('signInLinks', () => {
  const url = 'http://127.0.0.1:8686/sign-in?code=abc';

  it('gives one link, or two where others can reach the dashboard', () => {
    expect(signInLinks(url, { url: 'http://127.0.0.1:8686', lanUrl: null })).toEqual([url]);
    expect(signInLinks(url, { url: 'http://127.0.0.1:8686', lanUrl: 'https://192.168.1.20:8687' })).toEqual([
      url,
      'https://192.168.1.20:8687/sign-in?code=abc',
    ]);
  });
});
