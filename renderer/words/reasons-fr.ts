import type { ReasonRules } from './reasons.ts';
import { requestReasonsFr } from './request-reasons-fr.ts';

/** What the engine says in passing, in French. Groups of a pattern stand in the words by their names. */
export const reasonsFr: ReasonRules = [
  // DNS providers, and what is asked of them (app/dns)
  [/^it answers with status (?<status>\d+)$/, 'il répond par le statut {{status}}'],
  [/^it does not answer in time$/, 'il ne répond pas à temps'],
  [/^it answers with more than (?<bytes>\d+) bytes$/, 'sa réponse dépasse {{bytes}} octets'],
  [/^its answer is not what its API promises$/, 'sa réponse n’est pas celle que son API promet'],
  [
    /^“(?<field>.+)” in its answer is not what its API promises$/,
    '« {{field}} » dans sa réponse n’est pas conforme à son API',
  ],
  [/^it has no list of zones$/, 'il n’a pas de liste de zones'],
  [/^it knows TXT records only$/, 'il ne connaît que les enregistrements TXT'],
  [/^it did not set the records$/, 'il n’a pas posé les enregistrements'],
  [/^it did not keep (?<records>.+) of (?<zone>\S+)$/, 'il n’a pas gardé {{records}} de {{zone}}'],
  [/^the change takes too long$/, 'la modification prend trop de temps'],
  [/^the change failed$/, 'la modification a échoué'],
  [/^the change is not in effect after minutes$/, 'la modification n’a pas pris effet après plusieurs minutes'],
  [
    /^it has addresses for its domains only; every name below one has the same$/,
    'il n’a d’adresses que pour ses domaines ; les noms placés dessous ont la même',
  ],
  [/^its answer is neither OK nor KO$/, 'sa réponse n’est ni OK ni KO'],
  [
    /^it answers KO: the token is wrong, or the domain is not of this account$/,
    'il répond KO : le jeton est faux, ou le domaine n’est pas de ce compte',
  ],
  [/^the name server is not the one of any zone above it$/, 'le serveur de noms n’est celui d’aucune zone au-dessus'],
  [/^updates of (?<zone>\S+) are not allowed$/, 'les mises à jour de {{zone}} ne sont pas permises'],
  [
    /^updates of (?<zone>\S+) are not allowed without a key$/,
    'les mises à jour de {{zone}} ne sont pas permises sans clé',
  ],
  [/^it is not the primary server \(NOTAUTH\)$/, 'ce n’est pas le serveur principal (NOTAUTH)'],
  [/^the name is not in the zone \(NOTZONE\)$/, 'le nom n’est pas dans la zone (NOTZONE)'],
  [/^(?<zone>\S+) cannot be changed now \(SERVFAIL\)$/, '{{zone}} ne peut pas être modifiée maintenant (SERVFAIL)'],
  [/^the answer’s code is (?<code>\S+)$/, 'le code de la réponse est {{code}}'],
  [/^it is not a file$/, 'ce n’est pas un fichier'],
  [/^it takes longer than ten minutes$/, 'il dure plus de dix minutes'],
  [/^timeout$/, 'aucune réponse à temps'],
  [/^No recursive name server is known\.$/, 'Aucun serveur de noms récursif n’est connu.'],
  [/^No name server has a zone for (?<name>\S+)\.$/, 'Aucun serveur de noms n’a de zone pour {{name}}.'],
  [
    /^No recursive name server answers about (?<name>\S+)\.$/,
    'Aucun serveur de noms récursif ne répond au sujet de {{name}}.',
  ],
  [/^No name server of (?<zone>\S+) has an address\.$/, 'Aucun serveur de noms de {{zone}} n’a d’adresse.'],
  [/^No name server of (?<zone>\S+) answers\.$/, 'Aucun serveur de noms de {{zone}} ne répond.'],
  [
    /^The aliases of (?<name>\S+) lead in a circle, or too far\.$/,
    'Les alias de {{name}} tournent en rond, ou mènent trop loin.',
  ],
  // Notes of a check
  [/^acme-dns can only be tried with a domain\.$/, 'acme-dns ne s’essaie qu’avec un domaine.'],
  [/^Duck DNS can only be tried with a domain\.$/, 'Duck DNS ne s’essaie qu’avec un domaine.'],
  [/^It can only be tried with a domain\.$/, 'Il ne s’essaie qu’avec un domaine.'],
  [/^A name server can only be tried with a domain\.$/, 'Un serveur de noms ne s’essaie qu’avec un domaine.'],
  [/^In RAW mode, only a challenge can try it\.$/, 'En mode RAW, seule une vraie demande peut l’essayer.'],
  [/^The program is there and was not started\.$/, 'Le programme est là et n’a pas été lancé.'],
  [
    /^There is nothing to check: records are made by hand\.$/,
    'Il n’y a rien à vérifier : les enregistrements se font à la main.',
  ],
  // Certificate authorities (app/certificates/acme)
  [/^(?<host>\S+) answered (?<status>\d+) to (?<path>\S+)$/, '{{host}} a répondu {{status}} à {{path}}'],
  [/^(?<host>\S+) did not answer within (?<time>[\d.]+ s)$/, '{{host}} n’a pas répondu en {{time}}'],
  [
    /^(?<host>\S+) did not finish its answer within (?<time>[\d.]+ s)$/,
    '{{host}} n’a pas achevé sa réponse en {{time}}',
  ],
  [/^(?<host>\S+) answered with more than 1 MB$/, '{{host}} a répondu par plus de 1 Mo'],
  [
    /^what should be a CA's directory cannot be read(?<where>.*)$/,
    'ce qui devrait être l’annuaire d’une autorité est illisible{{where}}',
  ],
  [/^what should be an order cannot be read(?<where>.*)$/, 'ce qui devrait être une demande est illisible{{where}}'],
  [
    /^what should be an authorization cannot be read(?<where>.*)$/,
    'ce qui devrait être une autorisation est illisible{{where}}',
  ],
  [
    /^what should be (?:renewal information|an account|a list of orders|an order's address) cannot be read(?<where>.*)$/,
    'sa réponse est illisible{{where}}',
  ],
  [/^what should be a certificate is none$/, 'ce qui devrait être un certificat n’en est pas un'],
  [/^the window for renewal ends before it begins$/, 'la fenêtre de renouvellement finit avant de commencer'],
  [
    /^the CA gave an address that is none: (?<text>.*)$/s,
    'l’autorité a donné une adresse qui n’en est pas une : {{text}}',
  ],
  [/^a wildcard is proved by DNS alone$/, 'un nom générique ne se prouve que par DNS'],
  [/^no entry point listens for HTTP without TLS$/, 'aucun point d’entrée n’écoute en HTTP sans TLS'],
  [
    /^the entry point (?<name>\S+) does not listen for HTTP without TLS$/,
    'le point d’entrée {{name}} n’écoute pas en HTTP sans TLS',
  ],
  [/^(?<where>\S+ \(\S+\)) answers something else$/, '{{where}} répond autre chose'],
  [/^(?<where>\S+ \(\S+\)) answers with status (?<status>\d+)$/, '{{where}} répond par le statut {{status}}'],
  [/^(?<where>\S+ \(\S+\)) does not answer: (?<reason>.*)$/s, '{{where}} ne répond pas : {{reason}}'],
  [/^(?<where>\S+ \(\S+\)) broke off: (?<reason>.*)$/s, '{{where}} a interrompu sa réponse : {{reason}}'],
  // Ports that are proposed for an app
  [/^named by the label (?<label>\S+)$/, 'nommé par l’étiquette {{label}}'],
  [/^where (?<image>\S+) has its page$/, 'là où {{image}} a sa page'],
  [/^published on port (?<port>\d+) of the machine$/, 'publié sur le port {{port}} de la machine'],
  [/^exposed by the container$/, 'exposé par le conteneur'],
  // Providers of routes
  [/^line (?<line>\d+), column (?<column>\d+): (?<fault>.*)$/s, 'ligne {{line}}, colonne {{column}} : {{fault}}'],
  [
    /^the keychain that holds their key cannot be opened \((?<reason>.*)\)$/s,
    'le trousseau qui garde leur clé ne peut pas être ouvert ({{reason}})',
  ],
  [/^their key was damaged$/, 'leur clé était abîmée'],
  [/^their key was gone from the keychain$/, 'leur clé n’était plus dans le trousseau'],
  [/^their key in the keychain was damaged$/, 'leur clé dans le trousseau était abîmée'],
  ...requestReasonsFr,
];
