import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { type DockerEvent, followEvents, readEvent } from './events.ts';

test.each([
  ['{"Type":"container","Action":"start","Actor":{"ID":"a"}}', { kind: 'container', id: 'a' }],
  ['{"Type":"container","Action":"health_status: healthy","Actor":{"ID":"a"}}', { kind: 'container', id: 'a' }],
  [
    '{"Type":"network","Action":"connect","Actor":{"ID":"n","Attributes":{"container":"a"}}}',
    { kind: 'container', id: 'a' },
  ],
  ['{"Type":"network","Action":"create","Actor":{"ID":"n","Attributes":{"name":"x"}}}', { kind: 'network' }],
  ['{"Type":"container","Action":"exec_start: sh","Actor":{"ID":"a"}}', null],
  ['{"Type":"container","Action":"top","Actor":{"ID":"a"}}', null],
  ['{"Type":"image","Action":"pull","Actor":{"ID":"i"}}', null],
  ['{"Type":"container"', null],
])('%s', (line, expected) => {
  expect(readEvent(line)).toEqual(expected);
});

test('lines are put together from pieces, and letters from bytes', async () => {
  const stream = new PassThrough();
  const events: DockerEvent[] = [];
  const followed = followEvents(stream, (event) => events.push(event));
  const bytes = Buffer.from(
    '{"Type":"container","Action":"die","Actor":{"ID":"ä"}}\n\n{"Type":"container","Action":"start","Actor":{"ID":"b"}}\n',
  );
  for (let at = 0; at < bytes.length; at += 7) stream.write(bytes.subarray(at, at + 7));
  stream.end();
  await followed;
  expect(events).toEqual([
    { kind: 'container', id: 'ä' },
    { kind: 'container', id: 'b' },
  ]);
});
