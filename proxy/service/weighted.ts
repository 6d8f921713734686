import { answerError } from '../http/error-page.ts';
import type { Exchange, Handler, ResponseHead } from '../http/exchange.ts';
import { PassingSink, withSink } from '../middleware/passing-sink.ts';
import type { ServiceSnapshot } from '../model/snapshot.ts';
import type { ChildService } from './child.ts';
import { createChooser, type Member, type Place } from './places.ts';

type WeightedSnapshot = Extract<ServiceSnapshot, { kind: 'weighted' }>;

export interface WeightedService {
  readonly handler: Handler;
  readonly isUp: () => boolean;
  readonly places: ReadonlyMap<string, Place>;
}

interface ChildMember extends Member {
  readonly child: ChildService;
}

/** Shares requests out among services, by weight in turn or by each client's own order (highest random weight). */
export function createWeighted(
  name: string,
  service: WeightedSnapshot,
  childOf: (name: string) => ChildService,
  previous?: ReadonlyMap<string, Place>,
): WeightedService {
  const members = service.services.map(({ name: childName, weight }): ChildMember => {
    const child = childOf(childName);
    return {
      key: childName,
      weight,
      isFenced: false,
      isUp: service.healthCheck ? child.isUp : () => true,
      child,
    };
  });
  const { strategy, sticky } = service;
  const chooser = createChooser({ name, strategy, sticky, members, previous });
  const handler: Handler = (exchange) => {
    const picked = chooser.pick(exchange.request);
    if (picked === null) {
      answerError(exchange, 503, 'NO_SERVER', `none of the ${members.length} services of ${name} is up`);
      return undefined;
    }
    const { member, setCookie } = picked;
    return member.child.handler(
      setCookie === null ? exchange : withSink(exchange, new CookieSink(exchange.sink, setCookie)),
    );
  };
  return { handler, places: chooser.places, isUp: () => members.some((member) => member.isUp()) };
}

class CookieSink extends PassingSink {
  readonly #setCookie: string;

  constructor(sink: Exchange['sink'], setCookie: string) {
    super(sink);
    this.#setCookie = setCookie;
  }

  override head(head: ResponseHead): void {
    head.headers.append('Set-Cookie', this.#setCookie);
    super.head(head);
  }
}
