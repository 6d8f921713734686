import { expect, test } from 'vitest';
import { DockerUnsupportedError } from './client.ts';
import { dockerLost, endpointProblem } from './endpoint-problem.ts';

const endpoint = { url: 'unix:///var/run/docker.sock', why: 'the Docker socket', tls: null };
const withCode = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

test('a socket that may not be used: which one, and the two ways out', () => {
  const problem = endpointProblem(endpoint, withCode('EACCES'));
  expect(problem).toMatchObject({ code: 'DOCKER_DENIED', severity: 'error' });
  expect(problem.message).toContain('/var/run/docker.sock');
  expect(problem.fix).toContain('usermod -aG docker');
  expect(problem.fix).toContain('socket proxy');
});

test.each([
  [withCode('ENOENT'), 'DOCKER_ABSENT', 'there is no such socket'],
  [withCode('ECONNREFUSED'), 'DOCKER_ABSENT', 'nothing listens there'],
  [new Error('outer', { cause: withCode('EHOSTUNREACH') }), 'DOCKER_ABSENT', 'its host cannot be reached'],
  [new DOMException('late', 'TimeoutError'), 'DOCKER_ABSENT', 'it did not answer in time'],
  [new Error('something else'), 'DOCKER_ABSENT', 'something else'],
  [Object.assign(new Error('no'), { statusCode: 403 }), 'DOCKER_DENIED', 'HTTP 403'],
  [Object.assign(new Error('(HTTP code 404) secret'), { statusCode: 404 }), 'DOCKER_ABSENT', 'status 404.'],
  [new DockerUnsupportedError('Too old.'), 'DOCKER_UNSUPPORTED', 'Too old.'],
])('%s: %s', (error, code, part) => {
  const problem = endpointProblem(endpoint, error);
  expect(problem.code).toBe(code);
  expect(problem.message).toContain(part);
});

test('a lost connection says that the routes stay', () => {
  expect(dockerLost(endpoint, withCode('ECONNRESET'))).toMatchObject({
    code: 'DOCKER_LOST',
    message: expect.stringContaining('it closed the connection. The last known routes stay.'),
  });
});
