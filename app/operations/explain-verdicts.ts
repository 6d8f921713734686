import type { Explanation, ExplanationCode } from '../contract/explanation.ts';
import type { EntryPointView, ServerView } from '../contract/objects.ts';
import { isPaused } from '../runtime/judgement.ts';
import type { RuntimeTcpRouter } from '../runtime/stream-state.ts';

/** What an explanation comes to: in English, and by its code for other languages. */
export type Verdict = Pick<Explanation, 'outcome' | 'sentence' | 'said'>;

type Step = Explanation['middlewares'][number];

export function verdict(
  outcome: Explanation['outcome'],
  code: ExplanationCode,
  sentence: string,
  details: Explanation['said']['details'] = {},
): Verdict {
  return { outcome, sentence, said: { code, details } };
}

export function nobodyListens(entryPoints: readonly EntryPointView[], scheme: string, port: number | null): Verdict {
  const listening = entryPoints.filter((entryPoint) => entryPoint.listening !== null);
  const all = listening.map(({ name, listening: at, protocol }) => `${name} (${protocol}) on ${at ?? ''}`).join(', ');
  const asked = port === null ? scheme.toUpperCase() : `${scheme.toUpperCase()} on port ${port}`;
  return verdict(
    'no-entry-point',
    'ENTRY_POINT_NONE',
    `No entry point listens for ${asked}. ${all === '' ? 'None listens at all.' : `There are: ${all}.`}`,
    { asked: port === null ? scheme.toUpperCase() : `${scheme.toUpperCase()}, port ${port}`, entryPoints: all },
  );
}

/** A router that would take it, if it were not off. */
export function offVerdict(asked: string, { router, problems }: Explanation['disabled'][number]): Verdict {
  const error = problems.find(({ severity }) => severity === 'error');
  const pause = problems.find(({ code }) => code === 'ROUTER_PAUSED');
  const details = { asked, router };
  if (!error && pause) {
    return verdict('no-router', 'ROUTER_PAUSED', `No router takes ${asked}. ${pause.message}`, details);
  }
  const why = error?.message ?? 'it has errors.';
  return verdict(
    'no-router',
    'ROUTER_OFF',
    `No router takes ${asked}: ${router} would, but it is disabled. ${why}`,
    details,
  );
}

/** A router that takes it and lets nobody through. */
export function closedVerdict(router: string, reason: string, protocol: 'http' | 'tcp'): Verdict {
  const why = `${router} matches, but is closed: ${reason}`;
  return protocol === 'http'
    ? verdict('refused', 'ROUTER_CLOSED', `${why} The visitor sees 503.`, { router })
    : verdict('refused', 'ROUTER_CLOSED_TCP', `${why} The connection is closed.`, { router });
}

/** The step that certainly ends a request's way. */
export function endsAt(steps: readonly Step[]): Step | undefined {
  const last = steps.at(-1);
  return last?.verdict === 'refuses' || last?.verdict === 'answers' ? last : undefined;
}

/** A way that a middleware ends. */
export function endedVerdict(router: string, { name, type, verdict: word, detail }: Step): Verdict {
  const details = { router, middleware: name };
  if (word === 'refuses') {
    return verdict('refused', 'MIDDLEWARE_REFUSES', `${router} matches, and ${name} refuses: ${detail}`, details);
  }
  const outcome = type.startsWith('redirect') ? 'redirected' : 'answered';
  return verdict(outcome, 'MIDDLEWARE_ANSWERS', `${router} matches, and ${name} answers: ${detail}`, details);
}

/** Where a way ends that no middleware ended. `missed` says what becomes of it where there is no server. */
export function serverVerdict(
  router: string,
  service: string,
  servers: readonly ServerView[],
  condition: Step | undefined,
  missed: string,
): Verdict {
  const ready = servers.filter(({ health, weight }) => health !== 'down' && health !== 'paused' && weight > 0);
  const [first] = ready;
  const details = { router, service };
  if (first === undefined) {
    const [code, why] =
      servers.length === 0
        ? (['NO_SERVER', 'has no server'] as const)
        : (['NO_SERVER_UP', 'has no server that is up'] as const);
    return verdict('no-server', code, `${router} matches, but ${service} ${why}: ${missed}`, details);
  }
  const destination = ready.length === 1 ? first.url : `one of ${ready.length} servers`;
  if (condition) {
    return verdict(
      'depends',
      'FORWARD_DEPENDS',
      `${router} matches and leads to ${destination}, if ${condition.name} lets it pass: ${condition.detail}`,
      { ...details, middleware: condition.name },
    );
  }
  const sentence = `${router} matches, so it goes to ${destination} (${service}).`;
  return ready.length === 1
    ? verdict('forwarded', 'FORWARDED', sentence, { ...details, server: first.url })
    : verdict('forwarded', 'FORWARDED_ONE_OF', sentence, { ...details, count: ready.length });
}

/** Off, and asked for at this entry point if it were not. */
export function isOffAt(
  entryPoint: string,
  router: Pick<RuntimeTcpRouter, 'status' | 'overridden' | 'entryPoints' | 'problems'>,
): boolean {
  if (router.status !== 'disabled' && !isPaused(router)) return false;
  // Where its entry points are what is wrong with it, it is still the answer to "why not?".
  return (
    router.entryPoints.length === 0 ||
    router.entryPoints.includes(entryPoint) ||
    router.problems.some(({ code }) => code === 'ENTRY_POINT_UNKNOWN')
  );
}
