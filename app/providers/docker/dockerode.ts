import { createRequire, Module } from 'node:module';
import type Docker from 'dockerode';

/**
 * What dockerode loads for building images and for Docker over SSH, which are not for us: gRPC, protocol buffers, an
 * SSH client and tar, together some 12 MB of memory.
 */
const unneeded = [
  { by: 'dockerode', file: 'dockerode/lib/session.js' },
  { by: 'dockerode', file: 'tar-fs' },
  { by: 'docker-modem', file: './ssh.js' },
];

/**
 * dockerode without what is never called here: it is slow to load and large, and is paid for where Docker is used. Parts
 * that stand elsewhere in another release are loaded with it, as they are anyway.
 */
export function loadDockerode(): typeof Docker {
  const require = createRequire(import.meta.url);
  const ofDockerode = createRequire(require.resolve('dockerode'));
  const places = { dockerode: ofDockerode, 'docker-modem': createRequire(ofDockerode.resolve('docker-modem')) };
  for (const { by, file } of unneeded) {
    const path = pathOf(places[by as keyof typeof places], file);
    if (path !== null && require.cache[path] === undefined) require.cache[path] = leftOut(path);
  }
  return require('dockerode') as typeof Docker;
}

function pathOf(require: NodeJS.Require, file: string): string | null {
  try {
    return require.resolve(file);
  } catch {
    return null;
  }
}

function leftOut(path: string): Module {
  const module = new Module(path);
  module.exports = () => {
    throw new Error(`${path} is left out: images are not built here, and Docker is not reached over SSH`);
  };
  module.loaded = true;
  return module;
}
