import type { Option, OptionState } from './schema-options.ts';

/** What no schema says about an option, or about all below it. */
interface Note {
  readonly path: string;
  readonly text: string;
  /** Where a value that the schema takes is not served. */
  readonly state?: OptionState;
}

export const notes: readonly Note[] = [
  {
    path: 'gatehouse.compatibility',
    text: 'Gatehouse’s own: `secure` where it is left out; `traefik` takes away the differences that say so above',
  },
  {
    path: 'entryPoints.<name>.http.sanitizePath',
    text: 'where it is false a warning says what can pass by the rules then',
  },
  {
    path: 'entryPoints.<name>.http.maxHeaderBytes',
    text: '64 KiB where it is left out, with `compatibility: traefik` 1 MiB',
  },
  { path: 'entryPoints.<name>.reusePort', text: 'on Linux' },
  {
    path: 'entryPoints.<name>.http.encodedCharacters.allowEncodedNullCharacter',
    text: 'takes effect with `compatibility: traefik`; else an encoded NUL is refused',
  },
  { path: 'http.routers.<name>.observability.tracing', text: 'there is no tracing', state: 'quiet' },
  {
    path: 'providers.docker.endpoints.<name>.endpoint',
    text: 'Gatehouse’s own: a further daemon. What is left out below it is as in `providers.docker`, but for `tls`, `username` and `password`',
  },
  { path: 'http.routers.<name>.observability.traceVerbosity', text: 'there is no tracing', state: 'quiet' },
  { path: 'http.routers.<name>.parentRefs', text: 'not by labels, as in Traefik' },
  { path: 'http.routers.<name>.priority', text: 'up to 2^53 − 1' },
  {
    path: 'http.middlewares.<name>.plugin',
    text: 'programs for Traefik are not run; a router that uses one stays closed',
    state: 'refused',
  },
  {
    path: 'http.middlewares.<name>.rateLimit.redis',
    text: 'requests are counted by Gatehouse itself',
    state: 'refused',
  },
  {
    path: 'http.middlewares.<name>.errors.errorRequestHeaders',
    text: 'left out, credentials and cookies are kept from the error service, but with `compatibility: traefik`',
  },
  {
    path: 'http.middlewares.<name>.forwardAuth.address',
    text: 'an empty one disables the middleware; where the server does not answer, nobody comes in',
  },
  {
    path: 'http.middlewares.<name>.forwardAuth.authResponseHeaders',
    text: 'also taken off the visitor’s request where they are spelt with `_` or `.`, but with `compatibility: traefik`',
  },
  {
    path: 'http.middlewares.<name>.forwardAuth.headerField',
    text: 'also taken off the visitor’s request',
  },
  {
    path: 'http.middlewares.<name>.forwardAuth.maxBodySize',
    text: '10 MB where it is left out, with `compatibility: traefik` any size; -1 for any size',
  },
  {
    path: 'http.middlewares.<name>.forwardAuth.maxResponseBodySize',
    text: '10 MB where it is left out, with `compatibility: traefik` any size; -1 for any size',
  },
  { path: 'http.middlewares.<name>.forwardAuth.tls.caOptional', text: 'without effect, as in Traefik' },
  {
    path: 'http.middlewares.<name>.inFlightReq.amount',
    text: 'counted for all workers together; 0, which would let in nobody, is refused',
  },
  { path: 'http.middlewares.<name>.rateLimit.average', text: 'counted for all workers together' },
  {
    path: 'http.middlewares.<name>.digestAuth.users',
    text: 'each answer of a browser is taken once; a challenge holds for ten minutes',
  },
  {
    path: 'http.middlewares.<name>.encodedCharacters.allowEncodedNullCharacter',
    text: 'takes effect with `compatibility: traefik`; else an encoded NUL is refused before any middleware',
  },
  { path: 'http.middlewares.<name>.contentType.autoDetect', text: 'deprecated; false turns the middleware off' },
  { path: 'http.middlewares.<name>.stripPrefix.forceSlash', text: 'deprecated; the path always begins with a slash' },
  { path: 'http.middlewares.<name>.ipWhiteList', text: 'the name of ipAllowList before v3' },
  {
    path: 'http.services.<name>.mirroring.maxBodySize',
    text: '8 MiB where it is left out, with `compatibility: traefik` any size; -1 for any size',
  },
  {
    path: 'http.services.<name>.failover.errors.maxRequestBodyBytes',
    text: '8 MiB where it is left out, with `compatibility: traefik` any size; -1 for any size',
  },
  {
    path: 'tls.options.<name>.clientAuth',
    text: 'a router whose options conflict with another of its host, or whose rule names no host, stays closed where they ask for certificates, but with `compatibility: traefik`',
  },
  {
    path: 'accessLog.filePath',
    text: 'files turn over at 20 MB or after a week, and five are kept; `/dev/null` keeps no log at all',
  },
  { path: 'accessLog.bufferingSize', text: 'lines are held for a second at most' },
  { path: 'accessLog.dualOutput', text: 'without effect: there is one output', state: 'quiet' },
  {
    path: 'entryPoints.<name>.transport.respondingTimeouts.readTimeout',
    text: 'where it is left out, a body must keep moving (60 s, then 500 bytes a second) and may take any time in all; 0 takes that away, too; with `compatibility: traefik` it is 60 s',
  },
];

/** Labels that are about the container and not about one object. */
export const containerLabels: readonly Option[] = [
  { path: 'enable', type: 'true or false', state: 'works', why: '' },
  { path: 'docker.network', type: 'text', state: 'works', why: 'a Compose network may be named without its project' },
  { path: 'docker.allownonrunning', type: 'true or false', state: 'works', why: '' },
  { path: 'docker.lbswarm', type: 'true or false', state: 'quiet', why: 'Swarm is not served' },
  { path: 'swarm.network', type: 'text', state: 'quiet', why: 'Swarm is not served' },
  { path: 'swarm.lbswarm', type: 'true or false', state: 'quiet', why: 'Swarm is not served' },
];

interface Difference {
  /** One sentence or two, with the reason. */
  readonly text: string;
  /** Whether `compatibility: traefik` takes it away. Else: why that is not for a setting. */
  readonly setting: 'returns it' | { readonly not: string };
}

/** Where Gatehouse answers in another way than Traefik, for every user of it. */
export const differences: readonly Difference[] = [
  {
    text: 'A request that two readers could understand in different ways is refused with 400: a `Host` that is no name, or not that of an absolute target or of HTTP/2’s `:authority`, an encoded NUL, a path whose readings lead to different routers. Traefik chooses one reading.',
    setting: 'returns it',
  },
  {
    text: '`TRACE` and upgrades other than WebSocket end at the entry point. No server at home is meant to get them from outside.',
    setting: 'returns it',
  },
  {
    text: 'Fields that say where a request came from, written with `_` or `.` for `-` (`X_Forwarded_For`), are dropped from trusted proxies, too; and a middleware that sets or removes a field (`headers`, `forwardAuth`, `basicAuth`, `digestAuth`, `passTLSClientCert`) takes off what the visitor sent under such spellings. Some servers take one for the other.',
    setting: 'returns it',
  },
  {
    text: 'The `errors` middleware keeps credentials and cookies from the service that shows pages, unless `errorRequestHeaders` names them.',
    setting: 'returns it',
  },
  {
    text: 'Bodies that have to be kept in memory have a bound where none is given: 8 MiB for `mirroring` and `failover`, 10 MB for `forwardAuth`. Traefik keeps any number of bytes.',
    setting: 'returns it',
  },
  {
    text: 'A head may have 64 KiB where `maxHeaderBytes` is left out (Traefik: 1 MiB). Where `readTimeout` is left out a body must keep moving and may take any time in all (Traefik: 60 s for the whole).',
    setting: 'returns it',
  },
  {
    text: 'A router whose protection cannot be built (a middleware or TLS options that are broken or not there) keeps its place and answers 503, so that no router below it takes its requests. In Traefik it is not there.',
    setting: 'returns it',
  },
  {
    text: 'A router whose TLS options ask visitors for certificates and conflict with those of another router of its host serves nobody. Traefik serves it with the default options.',
    setting: 'returns it',
  },
  {
    text: 'Where no `accessLog` is asked for, one is kept all the same: JSON, in the data folder, bounded. Who tried passwords is to be found afterwards.',
    setting: 'returns it',
  },
  {
    text: '`ClientHost` in the access log is the one address by which rules judge, too. Traefik writes the whole `X-Forwarded-For`, of which visitors choose a part.',
    setting: 'returns it',
  },
  {
    text: 'What visitors send is escaped in the access log so that it stays on its line and in its field.',
    setting: { not: 'nobody is served by a log that visitors can forge' },
  },
  {
    text: '`CONNECT`, and requests whose framing is not that of RFC 9112 (both `Content-Length` and `Transfer-Encoding`, bare line feeds), are refused.',
    setting: { not: 'they are no requests to a server, and how far one goes is where smuggling begins' },
  },
  {
    text: 'The dashboard and whatever changes things need a session or a token of Gatehouse, also behind `api.insecure`, which opens Traefik’s read-only `/api` alone.',
    setting: { not: 'Traefik’s dashboard can change nothing, this one can' },
  },
  {
    text: 'Pages for errors are Gatehouse’s own. They tell the visitor a reference, which leads you to the cause, and nothing else.',
    setting: { not: 'the statuses are the same' },
  },
  {
    text: 'An object with a fault stays visible with what is wrong with it and how to mend it. Traefik drops some such objects and writes a line to its log.',
    setting: { not: 'it is about what you see' },
  },
  {
    text: 'A TLS version that is refused ends the handshake in one way, whichever router would have taken the connection.',
    setting: { not: 'the connection ends in both' },
  },
  {
    text: 'Certificates are renewed when the CA says (ARI), else after two thirds of their lifetime, and those for less than ten days after half of it. Traefik has fixed times before the end.',
    setting: { not: 'it is about no protection' },
  },
  {
    text: 'Middlewares on a container that has no port are kept. Traefik drops the whole container.',
    setting: { not: 'it is about no protection' },
  },
  {
    text: 'In metrics the label `service` is the service that the router names, also where that shares requests out among others.',
    setting: { not: 'it is about no protection' },
  },
  {
    text: 'Beside `providers.docker`, which is `@docker` as in Traefik, further daemons have names of their own: `providers.docker.endpoints.nas.endpoint`, or `--docker nas=tcp://192.168.1.5:2375`. Their routers are `photos@docker-nas`, their containers `nas/photos`; a reference in a label without `@` stays within its daemon. Containers of another machine are reached by the ports that they publish there. Traefik has one Docker daemon.',
    setting: { not: 'it takes nothing away' },
  },
  {
    text: 'Providers are Docker, files, an HTTP address, and clicks. Kubernetes, Swarm, Consul, Nomad, ECS, etcd, ZooKeeper and Redis are for other surroundings, and so are plugins, which are programs for Traefik; what asks for one stays closed.',
    setting: { not: 'there is nothing to turn on' },
  },
];
