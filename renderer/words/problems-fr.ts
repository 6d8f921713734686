import type { ProblemCode } from '../../app/contract/objects.ts';
import { certificateProblemsFr } from './certificate-problems-fr.ts';
import type { ProblemTemplates } from './problem-words.ts';

/**
 * What can be wrong, in French, by the engine's codes. The first sentence whose details are all there is used, so the
 * last of each list needs none.
 */
export const problemsFr: Readonly<Record<ProblemCode, ProblemTemplates>> = {
  ...certificateProblemsFr,
  RULE_INVALID: {
    message: ['La règle {{rule}} est illisible (position {{position}}).', 'La règle est illisible.'],
    fix: ['Corrigez la règle là où elle est écrite.'],
  },
  RULE_MISSING: {
    message: ['Ce routeur n’a pas de règle.'],
    fix: ['Donnez-lui une règle, par exemple Host(`nom.exemple.org`).'],
  },
  RULE_SYNTAX_OLD: {
    message: [
      '{{matcher}} est écrit dans la version 2 du langage des règles, mais lu dans la version 3, où {nom:motif} ne désigne que lui-même.',
      'La règle est écrite dans la version 2 du langage des règles, mais lue dans la version 3.',
    ],
    fix: ['Écrivez une expression régulière dans HostRegexp ou PathRegexp, ou réglez ruleSyntax sur v2.'],
  },
  RULE_NEEDS_TLS: {
    message: ['La règle demande ce que seul TLS dit (un nom de serveur ou ALPN), mais ce routeur n’a pas de TLS.'],
    fix: [
      'Donnez au routeur tls: {} pour déchiffrer ici, ou tls.passthrough: true. Sans TLS, la règle est HostSNI(`*`).',
    ],
  },
  RULE_DUPLICATE: {
    message: [
      'Ce routeur et {{router}} ont la même règle et la même priorité ; {{winner}} l’emporte.',
      'Un autre routeur a la même règle et la même priorité.',
    ],
    fix: ['Changez l’hôte ou la priorité de l’un des deux.'],
  },
  ROUTER_PAUSED: {
    message: [
      '{{router}} est en pause par une modification, donc il ne prend aucune requête.',
      'Ce routeur est en pause.',
    ],
    fix: ['Terminez la pause là où il se modifie, ou avec gatehouse override NOM --resume.'],
  },
  ROUTER_NOT_BUILT: {
    message: ['Ce routeur est juste, mais n’a pas pu être mis en service.'],
    fix: ['Le journal du moteur dit pourquoi.'],
  },
  ROUTER_UNREACHABLE: {
    message: ['Aucun chemin ne mène d’un point d’entrée à {{router}}.', 'Aucun chemin ne mène à ce routeur.'],
    fix: ['Nommez dans parentRefs un routeur qui est lui-même atteint.'],
  },
  ROUTER_LOOP: {
    message: ['Ses parentRefs reviennent à leur point de départ : {{way}}.', 'Ses parentRefs tournent en rond.'],
    fix: ['Retirez une de ces références.'],
  },
  PARENT_UNKNOWN: {
    message: [
      'Le routeur {{parent}}, nommé dans parentRefs, n’existe pas.',
      'Un routeur nommé dans parentRefs n’existe pas.',
    ],
    fix: ['Vouliez-vous dire {{nearest}} ?', 'Vérifiez son nom et son fournisseur.'],
  },
  CHILD_OPTION: {
    message: [
      'Un routeur avec parentRefs ne peut pas avoir {{option}} : celui du routeur au-dessus vaut.',
      'Un routeur avec parentRefs a une option qui ne lui revient pas.',
    ],
    fix: [
      'Déplacez {{option}} vers le routeur du point d’entrée.',
      'Déplacez l’option vers le routeur du point d’entrée.',
    ],
  },
  SERVICE_AND_CHILDREN: {
    message: [
      'Ce routeur a le service {{service}}, et d’autres routeurs le nomment dans parentRefs : {{children}}.',
      'Ce routeur a un service, et d’autres routeurs le nomment dans parentRefs.',
    ],
    fix: ['Retirez son service, ou les parentRefs.'],
  },
  ROUTER_NO_SERVICE: {
    message: ['Ce routeur ne dit pas quel service reçoit ses requêtes.'],
    fix: ['Nommez un service.'],
  },
  SERVICE_UNKNOWN: {
    message: ['Le service {{service}} n’existe pas.', 'Le service demandé n’existe pas.'],
    fix: ['Vouliez-vous dire {{nearest}} ?', 'Vérifiez son nom et son fournisseur.'],
  },
  SERVICE_AMBIGUOUS: {
    message: ['Plusieurs services sont possibles, et le routeur n’en nomme aucun.'],
    fix: ['Nommez le service que le routeur doit utiliser.'],
  },
  SERVICE_INVALID: {
    message: ['La configuration du service est erronée.'],
    fix: ['Corrigez-la là où elle est écrite.'],
  },
  SERVICE_NO_SERVERS: {
    message: ['Le service {{service}} n’a aucun serveur.', 'Le service n’a aucun serveur.'],
    fix: ['Donnez-lui au moins une adresse.'],
  },
  SERVICE_PAUSED: {
    message: [
      '{{service}} est en pause ici : les visiteurs apprennent qu’il est arrêté.',
      'Le service est en pause ici : les visiteurs apprennent qu’il est arrêté.',
    ],
    fix: ['Terminez la pause là où il est modifié, ou avec gatehouse override NOM --service --resume.'],
  },
  SERVICE_LOOP: {
    message: ['Le service mène à lui-même : {{road}}.', 'Le service mène à lui-même.'],
    fix: ['Retirez l’un d’eux.'],
  },
  SERVICE_UNCHECKED: {
    message: [
      'Il dépend de l’état de {{service}}, qui n’a pas de contrôle de santé et passe donc toujours pour disponible.',
      'Il dépend de l’état d’un service qui n’a pas de contrôle de santé.',
    ],
    fix: ['Donnez un healthCheck à {{service}}.', 'Donnez-lui un healthCheck.'],
  },
  SERVERS_DOWN: {
    message: ['Aucun serveur de {{service}} ne répond.', 'Aucun serveur ne répond.'],
    fix: ['Regardez le journal de l’application.'],
  },
  MIDDLEWARE_UNKNOWN: {
    message: ['Le middleware {{middleware}} n’existe pas.', 'Un middleware demandé n’existe pas.'],
    fix: ['Vouliez-vous dire {{nearest}} ?', 'Vérifiez son nom et son fournisseur.'],
  },
  MIDDLEWARE_INVALID: {
    message: ['Le middleware {{middleware}} est mal configuré.', 'Le middleware est mal configuré.'],
    fix: ['Corrigez ses options là où elles sont écrites.'],
  },
  MIDDLEWARE_UNSUPPORTED: {
    message: [
      'Gatehouse ne connaît pas les middlewares de sorte {{type}}.',
      'Cette sorte de middleware n’est pas prise en charge.',
    ],
    fix: ['Vouliez-vous dire {{nearest}} ?', 'Retirez-le, ou remplacez-le.'],
  },
  MIDDLEWARE_LOOP: { message: ['Ce middleware se contient lui-même, directement ou non.'], fix: ['Rompez la boucle.'] },
  ENTRY_POINT_UNKNOWN: {
    message: ['Le point d’entrée {{entryPoint}} n’existe pas.', 'Un point d’entrée demandé n’existe pas.'],
    fix: ['Vouliez-vous dire {{nearest}} ?', 'Les points d’entrée sont dans les réglages.'],
  },
  TRANSPORT_UNKNOWN: {
    message: ['Le transport {{transport}} n’existe pas.', 'Le transport demandé n’existe pas.'],
    fix: ['Vouliez-vous dire {{nearest}} ?', 'Vérifiez son nom et son fournisseur.'],
  },
  TLS_OPTIONS_UNKNOWN: {
    message: [
      'Les options TLS {{options}} n’existent pas, et servir sans elles pourrait laisser entrer ceux qu’elles écartent.',
      'Les options TLS demandées n’existent pas.',
    ],
    fix: [
      'Vouliez-vous dire {{nearest}} ?',
      'Définissez-les dans un fichier sous tls.options, ou retirez tls.options.',
    ],
  },
  TLS_OPTIONS_INVALID: {
    message: [
      'Les options TLS {{options}} sont inutilisables. Sans elles, personne n’entre.',
      'Des options TLS sont inutilisables.',
    ],
    fix: ['Corrigez les options {{options}}.', 'Corrigez-les.'],
  },
  TLS_OPTIONS_CONFLICT: {
    message: [
      'Des routeurs donnent à l’hôte {{host}} plusieurs options TLS sur {{entryPoint}} ({{options}}) ; celles par défaut sont donc utilisées.',
      'Des routeurs donnent à un même hôte plusieurs options TLS ; celles par défaut sont donc utilisées.',
    ],
    fix: ['Donnez les mêmes tls.options à tous les routeurs de l’hôte.'],
  },
  TLS_OPTIONS_NO_HOST: {
    message: [
      'La règle ne nomme aucun hôte ; les options TLS {{options}} ne peuvent donc pas être choisies pour elle.',
      'La règle ne nomme aucun hôte ; ses options TLS ne peuvent donc pas être choisies.',
    ],
    fix: ['Nommez l’hôte dans la règle avec Host(…), ou faites de ces options celles par défaut.'],
  },
  CERTIFICATE_UNUSABLE: {
    message: [
      'Le certificat {{path}} est inutilisable ; d’autres certificats servent ses hôtes.',
      'Un certificat est inutilisable.',
    ],
    fix: ['Donnez le certificat (avec ses intermédiaires) et sa clé en fichiers PEM que Gatehouse peut lire.'],
  },
  RESOLVER_UNKNOWN: {
    message: [
      'Le résolveur de certificats {{resolver}} n’est pas configuré ; l’autorité interne sert à sa place.',
      'Le résolveur de certificats n’est pas configuré ; l’autorité interne sert à sa place.',
    ],
  },
  DEFINED_TWICE: {
    message: ['Ce nom est défini deux fois, de deux façons différentes.'],
    fix: ['Gardez une seule des deux définitions.'],
  },
  OPTION_UNKNOWN: {
    message: ['L’option {{option}} est inconnue et a été ignorée.', 'Une option est inconnue et a été ignorée.'],
    fix: ['Vouliez-vous dire {{suggestion}} ?', 'Vérifiez son orthographe.'],
  },
  OPTION_INVALID: {
    message: ['La valeur de {{option}} n’est pas valable.', 'La valeur d’une option n’est pas valable.'],
    fix: ['Corrigez-la là où elle est écrite.'],
  },
  OPTION_UNSUPPORTED: {
    message: ['L’option {{option}} n’est pas encore prise en charge.', 'Une option n’est pas encore prise en charge.'],
  },
  CONTAINER_NO_PORT: {
    message: [
      '{{container}} n’a aucun port vers lequel envoyer les requêtes.',
      'Le conteneur n’a aucun port vers lequel envoyer les requêtes.',
    ],
    fix: ['Choisissez un port.'],
  },
  CONTAINER_NO_NETWORK: {
    message: ['{{container}} n’est sur aucun réseau.', 'Le conteneur n’est sur aucun réseau.'],
    fix: ['Reliez-le à un réseau.'],
  },
  CONTAINER_NETWORK_UNKNOWN: {
    message: ['{{container}} n’est pas sur le réseau {{network}}.', 'Le conteneur n’est pas sur le réseau demandé.'],
    fix: ['Vérifiez le nom du réseau.'],
  },
  CONTAINER_NETWORK_CHOSEN: {
    message: [
      '{{container}} est sur plusieurs réseaux ; {{network}} a été choisi.',
      'Le conteneur est sur plusieurs réseaux ; l’un d’eux a été choisi.',
    ],
    fix: ['Nommez-en un avec l’étiquette traefik.docker.network.'],
  },
  CONTAINER_PORT_CHOSEN: {
    message: [
      '{{container}} a plusieurs ports ; {{port}} a été choisi.',
      'Le conteneur a plusieurs ports ; l’un d’eux a été choisi.',
    ],
    fix: ['Nommez-en un si ce n’est pas le bon.'],
  },
  CONTAINER_NOT_RUNNING: {
    message: ['{{container}} n’est pas en marche.', 'Le conteneur n’est pas en marche.'],
    fix: ['Démarrez-le ; sa route reviendra d’elle-même.'],
  },
  CONTAINER_PAUSED: {
    message: ['{{container}} est en pause.', 'Le conteneur est en pause.'],
    fix: ['Reprenez-le avec docker unpause.'],
  },
  CONTAINER_RESTARTING: {
    message: ['{{container}} redémarre sans cesse.', 'Le conteneur redémarre.'],
    fix: ['Regardez son journal.'],
  },
  CONTAINER_UNHEALTHY: {
    message: [
      '{{container}} dit lui-même être en mauvaise santé.',
      'Le conteneur dit lui-même être en mauvaise santé.',
    ],
    fix: ['Regardez son journal et son contrôle de santé.'],
  },
  CONTAINER_STARTING: {
    message: [
      '{{container}} démarre ; sa route attend son contrôle de santé.',
      'Le conteneur démarre ; sa route attend son contrôle de santé.',
    ],
  },
  CONTAINER_NOT_ENABLED: {
    message: ['Rien ne demande que {{container}} soit exposé.', 'Rien ne demande que le conteneur soit exposé.'],
    fix: ['Exposez-le ici, ou donnez-lui l’étiquette traefik.enable=true.'],
  },
  HTTP_PROVIDER_FAILED: {
    message: ['La configuration à {{endpoint}} ne peut être lue : {{reason}}.', 'La configuration ne peut être lue.'],
    fix: ['Elle est demandée à nouveau d’elle-même ; vérifiez l’adresse et le serveur.'],
  },
  CONTAINER_NOT_SELECTED: {
    message: [
      '{{container}} ne répond pas aux contraintes du fournisseur Docker : {{constraints}}',
      'Le conteneur ne répond pas aux contraintes du fournisseur Docker.',
    ],
    fix: ['Donnez-lui les étiquettes demandées, ou changez providers.docker.constraints.'],
  },
  CONTAINER_UNREACHABLE: {
    message: ['{{container}} est injoignable d’ici.', 'Le conteneur est injoignable d’ici.'],
    fix: ['Publiez son port, ou reliez-le à un réseau commun.'],
  },
  CONTAINER_MISSING: {
    message: ['Le conteneur {{container}} n’est pas là.', 'Le conteneur n’est pas là.'],
    fix: ['L’application reviendra avec lui.'],
  },
  PORT_IN_USE: {
    message: [
      'Le port {{port}} est pris par {{process}} (pid {{pid}}).',
      'Le port {{port}} est pris par un autre programme.',
      'Un port est pris par un autre programme.',
    ],
    fix: ['Arrêtez ce programme, ou choisissez un autre port dans Réglages › Points d’entrée.'],
  },
  PORT_FORBIDDEN: {
    message: [
      'Gatehouse n’a pas le droit d’utiliser le port {{port}}.',
      'Gatehouse n’a pas le droit d’utiliser ce port.',
    ],
    fix: ['Installez-le comme service, ou lancez : sysctl net.ipv4.ip_unprivileged_port_start=80'],
  },
  PORT_FALLBACK: {
    message: ['Le port {{fallbackPort}} sert à la place du port {{port}}.', 'Un autre port sert à la place.'],
    fix: ['Ajoutez ce port aux adresses que vous ouvrez.'],
  },
  ADDRESS_INVALID: {
    message: [
      'L’adresse {{address}} est illisible ou n’est pas celle de cette machine.',
      'Une adresse est illisible ou n’est pas celle de cette machine.',
    ],
    fix: ['Corrigez-la dans Réglages › Points d’entrée.'],
  },
  DOCKER_ABSENT: {
    message: ['Docker n’a pas été trouvé ({{endpoint}}).', 'Docker n’a pas été trouvé.'],
    fix: ['Installez Docker, ou indiquez son accès dans les réglages.'],
  },
  DOCKER_DENIED: {
    message: [
      'Docker est là, mais Gatehouse n’a pas le droit de lui parler ({{endpoint}}).',
      'Docker est là, mais Gatehouse n’a pas le droit de lui parler.',
    ],
    fix: ['Ajoutez l’utilisateur de Gatehouse au groupe docker, puis reconnectez-vous.'],
  },
  DOCKER_LOST: {
    message: ['Docker ne répond plus ; ses dernières routes restent.'],
    fix: ['Gatehouse se reconnecte de lui-même dès que Docker est de retour.'],
  },
  DOCKER_UNSUPPORTED: {
    message: ['Cette version de Docker n’est pas prise en charge.'],
    fix: ['Il faut Docker 20.10 ou plus récent.'],
  },
  FILE_INVALID: {
    message: [
      'Le fichier {{path}} est erroné, ligne {{line}}, colonne {{column}}.',
      'Le fichier {{path}} est erroné.',
      'Un fichier est erroné.',
    ],
    fix: ['Son dernier état valable reste en service jusqu’à la correction.'],
  },
  FILE_UNREADABLE: {
    message: ['Le fichier {{path}} ne peut pas être lu.', 'Un fichier ne peut pas être lu.'],
    fix: ['Vérifiez qu’il existe et que Gatehouse a le droit de le lire.'],
  },
  DATABASE_SET_ASIDE: {
    message: [
      'La base de données était endommagée ; elle a été mise de côté sous {{asidePath}} et une nouvelle a été créée.',
      'La base de données était endommagée ; elle a été mise de côté et une nouvelle a été créée.',
    ],
    fix: ['Exposez de nouveau ce qui manque ; l’ancien fichier reste à sa place.'],
  },
  DATA_DIR_READ_ONLY: {
    message: [
      'Gatehouse ne peut pas écrire dans {{path}}.',
      'Gatehouse ne peut pas écrire dans son dossier de données.',
    ],
    fix: ['Rendez ce dossier accessible en écriture.'],
  },
  ACCESS_LOG_UNWRITABLE: {
    message: [
      'Les requêtes ne sont pas écrites dans le journal d’accès {{path}} : {{reason}}.',
      'Les requêtes ne sont pas écrites dans le journal d’accès.',
    ],
    fix: [
      'Donnez à Gatehouse le droit d’y écrire, ou choisissez un autre fichier avec accessLog.filePath, puis redémarrez-le.',
    ],
  },
  DISK_FULL: {
    message: ['Le disque est plein : rien ne peut plus être enregistré.'],
    fix: ['Libérez de la place ; les routes continuent de servir entre-temps.'],
  },
  WORKER_RESTARTED: { message: ['Un processus de travail s’est arrêté et a été relancé.'] },
  LIMITS_REACHED: {
    message: [
      'Des limites repoussent un afflux d’attaques ({{count}} fois la limite {{limit}} en dix minutes). Les autres visiteurs sont servis.',
      'Des limites repoussent un afflux d’attaques. Les autres visiteurs sont servis.',
    ],
    fix: [
      'Le journal du moteur nomme une adresse. S’il s’agit de vos propres clients, relevez la limite (docs/limits.md).',
    ],
  },
  EXPOSURE_PAUSED_ALL: {
    message: ['Toutes les applications sont en pause.'],
    fix: ['Reprenez-les depuis l’aperçu.'],
  },
  PASSWORD_NOT_SET: {
    message: ['Le tableau de bord n’est pas ouvert sur le réseau : aucun mot de passe n’est défini.'],
    fix: ['Définissez-en un dans Réglages › Accès au tableau de bord.'],
  },
  CA_REPLACED: {
    message: ['L’autorité interne était illisible ; une nouvelle a été créée et l’ancienne mise de côté.'],
    fix: ['Téléchargez le nouveau certificat et faites-lui confiance sur vos appareils.'],
  },
  CLOCK_WRONG: {
    message: ['L’horloge de cette machine semble fausse ({{clock}}).', 'L’horloge de cette machine semble fausse.'],
    fix: ['Réglez-la, ou activez la synchronisation.'],
  },
};
