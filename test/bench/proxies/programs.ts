import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, type Running, start } from '../process.ts';
import { host, idleScenario, type PeerKind, type Setting, user } from './peer.ts';
import { traefikProgram } from './traefik-program.ts';

export function has(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}

/** Starts a program whose output goes to a file, as some write their access log there. */
function startLogged(file: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  return start('sh', ['-c', 'file=$1; shift; exec "$@" >"$file" 2>&1', 'sh', file, program, ...args], { env });
}

function firstLine(program: string, args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return /\d+\.\d+[\w.+-]*/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}

const debian = (program: string) => (): string | null => (has(program) ? null : `apt-get install ${program}`);

/** Salted MD5, which all of them read (`openssl passwd -apr1`). */
function passwordHash(): string {
  return execFileSync('openssl', ['passwd', '-apr1', '-salt', 'gatehous', user.password], { encoding: 'utf8' }).trim();
}

function otherHosts({ routers }: Setting): string[] {
  return Array.from({ length: routers - 1 }, (_, n) => `other${n}.localhost`);
}

export function nginxConfiguration(
  dir: string,
  name: string,
  servers: string,
  accessLog = `${dir}/${name}.log`,
): string {
  const file = path.join(dir, `${name}.conf`);
  writeFileSync(
    file,
    // As root its workers would be somebody who may not read this run's files.
    `${process.getuid?.() === 0 ? 'user root; ' : ''}daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${dir}/${name}.pid; error_log ${dir}/${name}.err;
events { worker_connections 15000; }
http { access_log ${accessLog}; keepalive_requests 10000000; keepalive_timeout 600s; client_max_body_size 0;
server_names_hash_max_size 131072; server_names_hash_bucket_size 64; sendfile on; tcp_nodelay on;
limit_req_zone $binary_remote_addr zone=bench:1m rate=10000000r/s;
client_body_temp_path ${dir}/${name}-body; proxy_temp_path ${dir}/${name}-proxy; fastcgi_temp_path ${dir}/${name}-f;
uwsgi_temp_path ${dir}/${name}-u; scgi_temp_path ${dir}/${name}-s;
${servers} }`,
  );
  return file;
}

const nginx: PeerKind = {
  program: 'nginx',
  missing: debian('nginx'),
  leavesOut: [],
  async start(setting) {
    const { dir, originPort, certificateFile, keyFile } = setting;
    const [httpPort, httpsPort] = [await freePort(), await freePort()];
    const { hasMiddlewares } = setting;
    if (hasMiddlewares) writeFileSync(path.join(dir, 'htpasswd'), `${user.name}:${passwordHash()}\n`);
    const extra = hasMiddlewares
      ? `auth_basic bench; auth_basic_user_file ${dir}/htpasswd; add_header X-Bench bench; limit_req zone=bench burst=100000 nodelay;`
      : '';
    const location = `location / { ${extra} proxy_pass http://origin; proxy_http_version 1.1; proxy_buffering on;
proxy_request_buffering off; proxy_max_temp_file_size 0; proxy_set_header Host $host; proxy_set_header Upgrade $http_upgrade;
proxy_set_header Connection $bench_connection; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Real-IP $remote_addr; }`;
    const server = (name: string): string =>
      `server { listen 127.0.0.1:${httpPort}; listen 127.0.0.1:${httpsPort} ssl http2; server_name ${name};
ssl_certificate ${certificateFile}; ssl_certificate_key ${keyFile}; ${location} }`;
    const file = nginxConfiguration(
      dir,
      `nginx-proxy-${httpPort}`,
      `map $http_upgrade $bench_connection { default upgrade; '' ''; }
upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 10000000; }
${[...otherHosts(setting), host].map(server).join('\n')}`,
    );
    const running = start('nginx', ['-c', file]);
    return { program: 'nginx', version: firstLine('nginx', ['-v']), httpPort, httpsPort, running };
  },
};

const haproxy: PeerKind = {
  program: 'haproxy',
  missing: debian('haproxy'),
  // Its connections take two descriptors each, of which a process may have 20,000.
  leavesOut: ['1,000 routers', '10,000 routers', idleScenario],
  async start({ dir, originPort, certificateFile, keyFile, hasMiddlewares }) {
    const [httpPort, httpsPort] = [await freePort(), await freePort()];
    const file = path.join(dir, `haproxy-${httpPort}.cfg`);
    const both = path.join(dir, 'haproxy.pem');
    execFileSync('sh', ['-c', 'cat "$1" "$2" >"$3"', 'sh', certificateFile, keyFile, both]);
    const userList = `userlist bench\n  user ${user.name} insecure-password ${user.password}\n`;
    const middlewares = `  http-request auth unless { http_auth(bench) }
  http-response set-header X-Bench bench
  stick-table type ip size 1k expire 30s store http_req_rate(10s)
  http-request track-sc0 src
  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 100000000 }
`;
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 9900
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
${hasMiddlewares ? userList : ''}
frontend in
  bind 127.0.0.1:${httpPort}
  bind 127.0.0.1:${httpsPort} ssl crt ${both} alpn h2,http/1.1
  option forwardfor
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
${hasMiddlewares ? middlewares : ''}  use_backend origin if { hdr(host),field(1,:) -i ${host} }
backend origin
  http-reuse always
  server origin 127.0.0.1:${originPort}
`,
    );
    const running = startLogged(path.join(dir, `haproxy-${httpPort}.log`), 'haproxy', ['-f', file]);
    return { program: 'haproxy', version: firstLine('haproxy', ['-v']), httpPort, httpsPort, running };
  },
};

const caddy: PeerKind = {
  program: 'caddy',
  missing: debian('caddy'),
  // It has only bcrypt for passwords, and no bound on rates.
  leavesOut: ['three middlewares', '1,000 routers', '10,000 routers'],
  async start({ dir, originPort, certificateFile, keyFile }) {
    const [httpPort, httpsPort] = [await freePort(), await freePort()];
    const file = path.join(dir, `Caddyfile-${httpPort}`);
    // One site for each scheme: a certificate may not be named where there is no TLS.
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
}
(site) {
  bind 127.0.0.1
  log {
    output file ${dir}/caddy-${httpPort}.log
  }
  reverse_proxy 127.0.0.1:${originPort}
}
http://${host}:${httpPort} {
  import site
}
https://${host}:${httpsPort} {
  tls ${certificateFile} ${keyFile}
  import site
}
`,
    );
    const running = start('caddy', ['run', '--adapter', 'caddyfile', '--config', file], {
      env: { GOMAXPROCS: '1', HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir },
    });
    return { program: 'caddy', version: firstLine('caddy', ['version']), httpPort, httpsPort, running };
  },
};

/** Gatehouse's and Traefik's, as both read the same file. */
function routesFile(setting: Setting, name: string): string {
  const { dir, originPort, certificateFile, keyFile, hasMiddlewares } = setting;
  const chain = hasMiddlewares ? ', middlewares: [auth, head, rate]' : '';
  const routers = [...otherHosts(setting), host].flatMap((each, n) => [
    `    web${n}: { rule: "Host(\`${each}\`)", service: app, entryPoints: [web]${chain} }`,
    `    websecure${n}: { rule: "Host(\`${each}\`)", service: app, entryPoints: [websecure], tls: {}${chain} }`,
  ]);
  const middlewares = `  middlewares:
    auth: { basicAuth: { users: ["${user.name}:${passwordHash()}"] } }
    head: { headers: { customResponseHeaders: { X-Bench: bench } } }
    rate: { rateLimit: { average: 100000000, burst: 100000000 } }
`;
  // In a folder of its own: who watches it is not to be woken by what others write.
  const file = path.join(mkdtempSync(path.join(dir, `${name}-`)), 'routes.yml');
  writeFileSync(
    file,
    `http:
  routers:
${routers.join('\n')}
${hasMiddlewares ? middlewares : ''}  services:
    app: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${originPort}" }] } }
tls:
  certificates: [{ certFile: "${certificateFile}", keyFile: "${keyFile}" }]
`,
  );
  return file;
}

const gatehouse: PeerKind = {
  program: 'gatehouse',
  missing: () => null,
  leavesOut: [],
  async start(setting) {
    const { dir } = setting;
    const [httpPort, httpsPort] = [await freePort(), await freePort()];
    const name = `gatehouse-${httpPort}`;
    const file = path.join(mkdtempSync(path.join(dir, `${name}-static-`)), 'gatehouse.yml');
    writeFileSync(
      file,
      `entryPoints:
  web: { address: "127.0.0.1:${httpPort}" }
  websecure: { address: "127.0.0.1:${httpsPort}" }
providers: { file: { filename: "${routesFile(setting, name)}" } }
# All load comes from one address.
gatehouse: { limits: { connections: 0, connectionsPerAddress: 0 } }
`,
    );
    const root = path.resolve(import.meta.dirname, '../../..');
    const running = start(
      process.execPath,
      [
        path.join(root, 'bin/gatehouse.mjs'),
        ...['serve', '--config', file, '--data-dir', path.join(dir, `${name}-data`)],
        ...['--dashboard', `127.0.0.1:${await freePort()}`],
      ],
      { env: { GATEHOUSE_WORKERS: '1' } },
    );
    return { program: 'gatehouse', version: `Node ${process.versions.node}`, httpPort, httpsPort, running };
  },
};

const traefik: PeerKind = {
  program: 'traefik',
  missing: () => traefikProgram().missing,
  leavesOut: [],
  async start(setting) {
    const { dir } = setting;
    const program = traefikProgram().path ?? 'traefik';
    const [httpPort, httpsPort] = [await freePort(), await freePort()];
    const running = start(
      program,
      [
        `--entrypoints.web.address=127.0.0.1:${httpPort}`,
        `--entrypoints.websecure.address=127.0.0.1:${httpsPort}`,
        '--entrypoints.web.transport.respondingtimeouts.readtimeout=0',
        '--entrypoints.websecure.transport.respondingtimeouts.readtimeout=0',
        `--providers.file.filename=${routesFile(setting, `traefik-${httpPort}`)}`,
        `--accesslog.filepath=${dir}/traefik-${httpPort}.log`,
        '--global.checknewversion=false',
      ],
      { env: { GOMAXPROCS: '1' } },
    );
    return { program: 'traefik', version: traefikProgram().version, httpPort, httpsPort, running };
  },
};

/** In the order of the table. */
export const peerKinds: readonly PeerKind[] = [gatehouse, nginx, haproxy, caddy, traefik];
