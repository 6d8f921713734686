import type { DnsField, DnsProviderView } from '../../app/contract/certificates.ts';

function field(key: string, en: string, fr: string, more: Partial<DnsField> = {}): DnsField {
  return {
    key,
    label: { en, fr },
    secret: false,
    optional: false,
    placeholder: '',
    help: null,
    choices: [],
    variables: [],
    ...more,
  };
}

export function fakeDnsProviders(): DnsProviderView[] {
  return [
    {
      code: 'cloudflare',
      title: 'Cloudflare',
      help: {
        en: 'My Profile › API Tokens › Create Token › “Edit zone DNS”. Choose your zone under Zone Resources.',
        fr: 'Mon profil › Jetons d’API › Créer un jeton › « Modifier DNS de la zone ». Choisissez votre zone.',
      },
      helpUrl: 'https://dash.cloudflare.com/profile/api-tokens',
      rights: {
        en: 'Zone › DNS › Edit and Zone › Zone › Read, for the zones in question.',
        fr: 'Zone › DNS › Modifier et Zone › Zone › Lire, pour les zones concernées.',
      },
      fields: [field('token', 'API token', 'Jeton d’API', { secret: true, variables: ['CF_DNS_API_TOKEN'] })],
      credentials: 'stored',
    },
    {
      code: 'ovh',
      title: 'OVH',
      help: {
        en: 'Create a token on OVH’s page, with GET, POST, PUT and DELETE on /domain/zone/*.',
        fr: 'Créez un jeton sur la page d’OVH, avec GET, POST, PUT et DELETE sur /domain/zone/*.',
      },
      helpUrl: 'https://www.ovh.com/auth/api/createToken',
      rights: { en: 'GET, POST, PUT, DELETE on /domain/zone/*.', fr: 'GET, POST, PUT, DELETE sur /domain/zone/*.' },
      fields: [
        field('endpoint', 'Region', 'Région', { choices: ['ovh-eu', 'ovh-ca', 'ovh-us'] }),
        field('applicationKey', 'Application key', 'Clé d’application'),
        field('applicationSecret', 'Application secret', 'Secret d’application', { secret: true }),
        field('consumerKey', 'Consumer key', 'Clé de consommateur', { secret: true }),
      ],
      credentials: 'none',
    },
    {
      code: 'manual',
      title: 'By hand',
      help: { en: 'Gatehouse shows the record that you create.', fr: 'Gatehouse montre l’enregistrement à créer.' },
      helpUrl: null,
      rights: { en: 'None.', fr: 'Aucun.' },
      fields: [],
      credentials: 'none',
    },
  ];
}
