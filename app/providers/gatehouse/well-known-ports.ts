/** Where the web page of an image is, for images that expose several ports, or none. */
export interface WellKnownPort {
  readonly port: number;
  readonly scheme: 'http' | 'https';
}

/** By the image's last name, or its last two where the last alone says too little. HTTP where nothing else is said. */
const ports: Readonly<Record<string, number>> = {
  // Cloud, files, photos, documents
  nextcloud: 80,
  owncloud: 8080,
  'owncloud/server': 8080,
  ocis: 9200,
  opencloud: 9200,
  'seafile-mc': 80,
  filebrowser: 80,
  syncthing: 8384,
  'immich-server': 2283,
  photoprism: 2342,
  librephotos: 80,
  'paperless-ngx': 8000,
  'stirling-pdf': 8080,
  's-pdf': 8080,
  docuseal: 3000,
  'onlyoffice/documentserver': 80,
  'collabora/code': 9980,
  minio: 9001,
  duplicati: 8200,
  kopia: 51515,
  // Media
  jellyfin: 8096,
  'pms-docker': 32400,
  plex: 32400,
  embyserver: 8096,
  emby: 8096,
  navidrome: 4533,
  audiobookshelf: 80,
  'calibre-web': 8083,
  kavita: 5000,
  komga: 25600,
  tautulli: 8181,
  overseerr: 5055,
  jellyseerr: 5055,
  seerr: 5055,
  ombi: 3579,
  sonarr: 8989,
  radarr: 7878,
  lidarr: 8686,
  readarr: 8787,
  prowlarr: 9696,
  bazarr: 6767,
  jackett: 9117,
  sabnzbd: 8080,
  nzbget: 6789,
  qbittorrent: 8080,
  transmission: 9091,
  deluge: 8112,
  tubearchivist: 8000,
  metube: 8081,
  frigate: 5000,
  dispatcharr: 9191,
  // Home
  'home-assistant': 8123,
  homeassistant: 8123,
  'node-red': 1880,
  zigbee2mqtt: 8080,
  'zwave-js-ui': 8091,
  esphome: 6052,
  homebridge: 8581,
  openhab: 8080,
  octoprint: 80,
  mealie: 9000,
  grocy: 80,
  homebox: 7745,
  'actual-server': 5006,
  'firefly-iii/core': 8080,
  ghostfolio: 3333,
  // Passwords, notes, tools
  'vaultwarden/server': 80,
  vaultwarden: 80,
  bookstack: 80,
  dokuwiki: 80,
  wiki: 3000,
  docmost: 3000,
  memos: 5230,
  joplin: 22300,
  'joplin/server': 22300,
  trilium: 8080,
  hedgedoc: 3000,
  linkding: 9090,
  karakeep: 3000,
  wallabag: 80,
  freshrss: 80,
  miniflux: 8080,
  vikunja: 3456,
  excalidraw: 80,
  'it-tools': 80,
  searxng: 8080,
  'open-webui': 8080,
  ollama: 11434,
  n8n: 5678,
  changedetection: 5000,
  'changedetection.io': 5000,
  ntfy: 80,
  gotify: 80,
  'gotify/server': 80,
  // Pages that lead to the rest
  homepage: 3000,
  homer: 8080,
  heimdall: 80,
  dashy: 8080,
  homarr: 7575,
  glance: 8080,
  // Running things
  portainer: 9000,
  'portainer-ce': 9000,
  'portainer-ee': 9000,
  dockge: 5001,
  yacht: 8000,
  dozzle: 8080,
  'uptime-kuma': 3001,
  grafana: 3000,
  prometheus: 9090,
  alertmanager: 9093,
  influxdb: 8086,
  netdata: 19999,
  glances: 61208,
  cadvisor: 8080,
  scrutiny: 8080,
  beszel: 8090,
  healthchecks: 8000,
  'speedtest-tracker': 80,
  // Network
  pihole: 80,
  adguardhome: 80,
  technitium: 5380,
  'dns-server': 5380,
  'unifi-network-application': 8443,
  'wg-easy': 51821,
  'ddns-updater': 8000,
  smokeping: 80,
  // Code
  gitea: 3000,
  forgejo: 3000,
  'gitlab-ce': 80,
  'gitlab-ee': 80,
  registry: 5000,
  'code-server': 8443,
  jenkins: 8080,
  'woodpecker-server': 8000,
  drone: 80,
  phpmyadmin: 80,
  adminer: 8080,
  pgadmin4: 80,
  // Sign-in
  authelia: 9091,
  'goauthentik/server': 9000,
  keycloak: 8080,
  'pocket-id': 1411,
  lldap: 17170,
  // Web servers and sites
  nginx: 80,
  httpd: 80,
  caddy: 80,
  apache: 80,
  wordpress: 80,
  ghost: 2368,
  matomo: 80,
  umami: 3000,
  plausible: 8000,
  whoami: 80,
};

/** Images whose port above speaks HTTPS. */
const httpsImages: ReadonlySet<string> = new Set(['unifi-network-application', 'ocis']);

/** Ports that speak HTTPS wherever they are seen. */
const httpsPorts: ReadonlySet<number> = new Set([443, 8443, 9443]);

/** What is known of an image by its name, such as `ghcr.io/immich-app/immich-server:release`. */
export function wellKnownPort(image: string): WellKnownPort | undefined {
  const parts = image
    .toLowerCase()
    .replace(/@.*$/, '')
    .replace(/:[^/:]*$/, '')
    .split('/');
  for (const name of [parts.slice(-2).join('/'), parts.at(-1) ?? '']) {
    const port = Object.hasOwn(ports, name) ? ports[name] : undefined;
    if (port !== undefined) return { port, scheme: httpsImages.has(name) ? 'https' : 'http' };
  }
  return undefined;
}

/** The scheme that a port most likely speaks. */
export function schemeOf(image: string, port: number): 'http' | 'https' {
  const known = wellKnownPort(image);
  if (known?.port === port) return known.scheme;
  return httpsPorts.has(port) ? 'https' : 'http';
}
