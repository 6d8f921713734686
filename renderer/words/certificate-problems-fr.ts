import type { ProblemCode } from '../../app/contract/objects.ts';
import type { ProblemTemplates } from './problem-words.ts';

type CertificateProblemCode = Extract<
  ProblemCode,
  `ACME_${string}` | 'CERTIFICATE_EXPIRING' | 'CERTIFICATE_EXPIRED' | `SECRETS_${string}`
>;

/** What can go wrong with certificates and secrets, in French; see problems-fr.ts. */
export const certificateProblemsFr: Readonly<Record<CertificateProblemCode, ProblemTemplates>> = {
  SECRETS_SET_ASIDE: {
    message: [
      'Le secret {{name}} était illisible ; son fichier a été mis de côté sous {{asidePath}}.',
      'Un secret était illisible ; son fichier a été mis de côté.',
    ],
    fix: ['Saisissez-le de nouveau là où il sert, ou remettez une sauvegarde du fichier.'],
  },
  SECRETS_UNREADABLE: {
    message: ['Les secrets ne peuvent pas être lus : {{reason}}.', 'Les secrets ne peuvent pas être lus.'],
    fix: ['Remettez la clé d’une sauvegarde, ou saisissez de nouveau les secrets.'],
  },
  CERTIFICATE_EXPIRING: {
    message: [
      'Le certificat de {{name}} se termine le {{notAfter}} et n’a pas pu être renouvelé.',
      'Le certificat de {{name}} approche de sa fin.',
      'Un certificat approche de sa fin.',
    ],
    fix: ['Voyez dans Certificats ce qui l’empêche.'],
  },
  CERTIFICATE_EXPIRED: {
    message: ['Le certificat de {{name}} s’est terminé le {{notAfter}}.', 'Un certificat est arrivé à sa fin.'],
    fix: ['Voyez dans Certificats ce qui empêche de le renouveler.'],
  },
  ACME_DNS_MISSING: {
    message: [
      '{{name}} n’existe pas dans le DNS : {{ca}} ne trouve aucune adresse.',
      '{{name}} n’existe pas dans le DNS.',
      'Un nom n’existe pas dans le DNS.',
    ],
    fix: [
      'Créez chez votre hébergeur DNS un enregistrement A de {{name}} vers {{expected}}.',
      'Créez chez votre hébergeur DNS un enregistrement de ce nom vers votre adresse publique.',
    ],
  },
  ACME_DNS_ELSEWHERE: {
    message: [
      '{{name}} mène à {{address}}, où ce n’est pas Gatehouse qui répond.',
      'Un nom mène à une autre machine que celle-ci.',
    ],
    fix: [
      'Faites pointer {{name}} vers {{expected}}, ou prouvez le nom par le DNS.',
      'Faites pointer ce nom vers votre adresse publique, ou prouvez-le par le DNS.',
    ],
  },
  ACME_IPV6_ELSEWHERE: {
    message: [
      '{{name}} a l’adresse IPv6 {{address}}, que l’autorité essaie d’abord et où ce n’est pas Gatehouse qui répond.',
      'L’adresse IPv6 d’un nom mène ailleurs.',
    ],
    fix: ['Retirez l’enregistrement AAAA, ou faites-le pointer vers l’adresse IPv6 de cette machine.'],
  },
  ACME_PORT_CLOSED: {
    message: [
      '{{ca}} n’a pas pu atteindre {{name}} ({{address}}) sur le port {{port}}.',
      '{{name}} n’a pas pu être atteint sur le port {{port}}.',
      'L’autorité n’a pas pu atteindre cette machine.',
    ],
    fix: [
      'Dirigez le port {{port}} de votre box vers cette machine et ouvrez-le dans le pare-feu, ou prouvez le nom par le DNS.',
      'Ouvrez ce port jusqu’à cette machine, ou prouvez le nom par le DNS.',
    ],
  },
  ACME_WRONG_ANSWER: {
    message: [
      '{{ca}} a vu pour {{name}} une autre réponse que celle attendue : {{reason}}.',
      'À l’adresse de {{name}}, autre chose que Gatehouse a répondu.',
      'Autre chose que Gatehouse a répondu à l’autorité.',
    ],
    fix: ['Cherchez un autre proxy ou une box qui répond à la place de cette machine, ou prouvez le nom par le DNS.'],
  },
  ACME_CAA: {
    message: [
      'Un enregistrement CAA de {{name}} interdit à {{ca}} de délivrer ce certificat : {{reason}}.',
      'Un enregistrement CAA du domaine interdit à cette autorité de délivrer ce certificat.',
    ],
    fix: [
      'Autorisez {{ca}} dans les enregistrements CAA de {{name}} ou du domaine au-dessus, ou retirez-les.',
      'Autorisez cette autorité dans les enregistrements CAA, ou retirez-les.',
    ],
  },
  ACME_DNS_CREDENTIALS: {
    message: [
      '{{provider}} refuse ces identifiants : {{reason}}',
      '{{provider}} refuse ces identifiants.',
      'L’hébergeur DNS refuse ces identifiants.',
    ],
    fix: ['Créez un nouveau jeton et saisissez-le dans le résolveur.'],
  },
  ACME_DNS_RIGHTS: {
    message: [
      'Le jeton de {{provider}} ne donne pas le droit de modifier {{zone}}.',
      'Le jeton de {{provider}} n’a pas les droits nécessaires.',
      'Le jeton de l’hébergeur DNS n’a pas les droits nécessaires.',
    ],
    fix: ['Donnez-lui le droit de modifier les enregistrements de ce domaine.'],
  },
  ACME_DNS_ZONE: {
    message: [
      'Ce compte chez {{provider}} n’a pas le domaine de {{name}}.',
      'Ce compte chez l’hébergeur DNS n’a pas ce domaine.',
    ],
    fix: ['Vérifiez le compte, ou choisissez l’hébergeur qui tient ce domaine.'],
  },
  ACME_DNS_FAILED: {
    message: [
      '{{provider}} n’a pas pu créer l’enregistrement : {{reason}}',
      '{{provider}} n’a pas pu créer l’enregistrement.',
      'L’hébergeur DNS n’a pas pu créer l’enregistrement.',
    ],
    fix: ['Gatehouse essaiera encore. Si cela dure, voyez l’état du service de l’hébergeur.'],
  },
  ACME_PROPAGATION: {
    message: [
      'L’enregistrement {{record}} n’est pas encore arrivé sur {{lacking}}.',
      'L’enregistrement n’est pas encore arrivé sur tous les serveurs de noms.',
    ],
    fix: ['Gatehouse essaiera encore. Si cela dure, allongez delayBeforeChecks.'],
  },
  ACME_CLOCK: {
    message: [
      'L’horloge de cette machine dit {{clock}}, celle de l’autorité {{caClock}}.',
      'L’horloge de cette machine est fausse.',
    ],
    fix: ['Réglez-la, au mieux par le réseau : timedatectl set-ntp true.'],
  },
  ACME_RATE_LIMITED: {
    message: [
      '{{ca}} ne délivre plus rien pour {{subject}} avant le {{until}} : une limite est atteinte.',
      '{{ca}} ne prend plus de demande avant le {{until}} : {{reason}}.',
      'Une limite de l’autorité est atteinte jusqu’au {{until}}.',
      'Une limite de l’autorité est atteinte.',
    ],
    fix: ['Gatehouse essaiera de lui-même quand elle sera passée.'],
  },
  ACME_HELD_BACK: {
    message: [
      'La demande attend jusqu’au {{until}}, pour ne pas dépasser une limite de {{ca}}.',
      'La demande attend, pour ne pas dépasser une limite de l’autorité.',
    ],
    fix: ['Il n’y a rien à faire.'],
  },
  ACME_CA_DOWN: {
    message: ['{{ca}} ne répond pas : {{reason}}.', '{{ca}} ne répond pas.', 'L’autorité ne répond pas.'],
    fix: ['Gatehouse essaiera encore. Vérifiez que cette machine atteint Internet.'],
  },
  ACME_CA_UNTRUSTED: {
    message: [
      'Le certificat de {{ca}} elle-même n’est pas digne de confiance : {{reason}}.',
      'Le certificat de l’autorité elle-même n’est pas digne de confiance.',
    ],
    fix: ['Pour une autorité à vous, donnez sa racine dans caCertificates.'],
  },
  ACME_CA_FAULT: {
    message: ['{{ca}} a répondu de travers : {{reason}}.', 'L’autorité a répondu de travers.'],
    fix: ['Gatehouse essaiera encore.'],
  },
  ACME_ORDER_EXPIRED: {
    message: ['La demande a vieilli chez l’autorité avant d’être finie.'],
    fix: ['Gatehouse en fait une nouvelle.'],
  },
  ACME_ACCOUNT: {
    message: ['{{ca}} refuse le compte : {{reason}}.', '{{ca}} refuse le compte.', 'L’autorité refuse le compte.'],
    fix: ['Vérifiez l’adresse électronique du résolveur.'],
  },
  ACME_EAB_MISSING: {
    message: [
      '{{ca}} veut une clé de liaison (EAB) pour ouvrir un compte.',
      'L’autorité veut une clé de liaison (EAB) pour ouvrir un compte.',
    ],
    fix: ['Créez-la dans votre espace chez l’autorité et saisissez kid et hmac dans le résolveur.'],
  },
  ACME_NAME_REFUSED: {
    message: [
      '{{ca}} ne signe pas {{name}} : {{reason}}.',
      '{{ca}} ne signe pas {{name}}.',
      'L’autorité ne signe pas ce nom.',
    ],
    fix: ['Vérifiez l’orthographe du nom, ou retirez-le.'],
  },
  ACME_CHALLENGE_IMPOSSIBLE: {
    message: ['{{name}} ne peut pas être prouvé par {{challenge}}.', 'Ce nom ne peut pas être prouvé de cette façon.'],
    fix: ['Choisissez une autre façon : un joker se prouve par le DNS.'],
  },
  ACME_NOT_KEPT: {
    message: [
      'Le certificat ou sa clé n’a pas pu être enregistré : {{reason}}.',
      'Le certificat n’a pas pu être enregistré.',
    ],
    fix: ['Libérez de la place sur le disque ; Gatehouse reprendra là où il en était.'],
  },
  ACME_KEY_LOST: {
    message: [
      'La clé du certificat de {{names}} est conservée, mais ne peut plus être ouverte : le secret qui la scelle (certificate-keys) est perdu ou a changé.',
      'La clé de ce certificat ne peut plus être ouverte.',
    ],
    fix: ['Gatehouse en demande un nouveau ; un certificat importé est à importer de nouveau avec sa clé.'],
  },
  ACME_FAILED: {
    message: ['L’autorité a refusé : {{reason}}.', 'Le certificat n’a pas pu être obtenu.'],
    fix: ['Les étapes disent où cela s’est arrêté.'],
  },
};
