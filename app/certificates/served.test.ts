import { expect, test } from 'vitest';
import { routersByName, routersOf } from './served.ts';

const inUse = [
  { host: 'A.example.org', routers: ['b@docker', 'a@docker'] },
  { host: 'x.example.org', routers: ['a@docker'] },
  { host: 'deep.x.example.org', routers: ['deep@file'] },
  { host: 'nas', routers: ['nas@file'] },
];

test.each([
  [['a.example.org'], ['a@docker', 'b@docker']],
  [['*.example.org'], ['a@docker', 'b@docker']],
  [
    ['*.x.example.org', 'nas'],
    ['deep@file', 'nas@file'],
  ],
  [['example.org'], []],
])('a certificate for %j is for the routers %j', (names, routers) => {
  expect(routersOf(names, routersByName(inUse))).toEqual(routers);
});
