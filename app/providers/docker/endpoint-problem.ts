import type { Problem } from '../../contract/objects.ts';
import { problem } from '../../problem.ts';
import { DockerUnsupportedError, statusOf } from './client.ts';
import type { DockerEndpoint } from './endpoint.ts';

/** No place was found where Docker could be. */
export function dockerAbsent(): Problem {
  return problem(
    'DOCKER_ABSENT',
    'warning',
    'Docker was not found on this machine: there is no Docker or Podman socket.',
    'Install Docker or start it; Gatehouse finds it by itself. Elsewhere it is named with --docker ENDPOINT.',
  );
}

/** Why a Docker endpoint cannot be used, in words and with what to do next. */
export function endpointProblem(endpoint: DockerEndpoint, error: unknown): Problem {
  const { url, why } = endpoint;
  const socket = url.replace(/^unix:\/\//, '');
  const code = codeOf(error);
  const details = { endpoint: url, code: code ?? '' };
  if (error instanceof DockerUnsupportedError) {
    return problem('DOCKER_UNSUPPORTED', 'error', error.message, null, details);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return problem(
      'DOCKER_DENIED',
      'error',
      `Docker is there, but Gatehouse may not use its socket ${socket}.`,
      'Add your user to the docker group (sudo usermod -aG docker $USER) and sign in again, or use a Docker socket proxy with --docker tcp://127.0.0.1:2375.',
      details,
    );
  }
  const status = statusOf(error);
  if (status === 401 || status === 403) {
    return problem(
      'DOCKER_DENIED',
      'error',
      `What answers at ${url} refuses to list containers (HTTP ${status}).`,
      'If it is a socket proxy, let it pass GET requests for version, events and containers.',
      details,
    );
  }
  return problem(
    'DOCKER_ABSENT',
    'error',
    `Docker does not answer at ${url} (${why}): ${reasonOf(error)}.`,
    'Start Docker: sudo systemctl start docker. Gatehouse keeps trying.',
    details,
  );
}

/** The connection that was there is gone. */
export function dockerLost(endpoint: DockerEndpoint, error: unknown): Problem {
  return problem(
    'DOCKER_LOST',
    'error',
    `The connection to Docker at ${endpoint.url} is lost: ${reasonOf(error)}. The last known routes stay.`,
    'If Docker does not come back by itself: sudo systemctl status docker.',
    { endpoint: endpoint.url },
  );
}

function codeOf(error: unknown): string | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string') return each.code;
  }
  return null;
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it closed the connection',
  ENOTFOUND: 'its host name is not known',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'its host cannot be reached',
  ABORT_ERR: 'it did not answer in time',
};

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code !== null && reasons[code] !== undefined) return reasons[code];
  if (error instanceof Error && /abort|timeout/i.test(error.name)) return 'it did not answer in time';
  // Not the body, which the message would hold: what answers may be something else than Docker.
  const status = statusOf(error);
  if (status !== undefined) return `it answers with status ${status}`;
  return error instanceof Error ? error.message : String(error);
}
