import { isDockerProvider } from './docker-name.ts';

/** Whether routers and services of a provider can be overridden: those that somebody else wrote. */
export function isEditableProvider(provider: string): boolean {
  return isDockerProvider(provider) || provider === 'file' || provider === 'http';
}
