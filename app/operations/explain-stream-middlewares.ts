import { says } from '../../proxy/middleware/verdict.ts';
import type { TcpMiddlewareConfig } from '../../proxy/model/stream.ts';
import { createAdmission, tcpMiddlewareTypesOf } from '../../proxy/stream/admission.ts';
import type { Explanation } from '../contract/explanation.ts';

type Step = Explanation['middlewares'][number];

/** Middlewares before a TCP service in order, up to the first that certainly turns the client away. */
export function admissionSteps(
  names: readonly string[],
  configs: Readonly<Record<string, TcpMiddlewareConfig>>,
  clientIp: string,
): Step[] {
  const steps: Step[] = [];
  for (const name of names) {
    const step = admissionStep(name, configs[name] ?? {}, clientIp);
    steps.push(step);
    if (step.verdict === 'refuses') return steps;
  }
  return steps;
}

function admissionStep(name: string, config: TcpMiddlewareConfig, clientIp: string): Step {
  const [type] = tcpMiddlewareTypesOf(config);
  if (type === undefined) return { name, type: '', ...says('refuses', 'UNUSABLE') };
  if (type === 'inFlightConn') {
    return { name, type, ...says('depends', 'CONNECTIONS_AT_ONCE', { amount: config.inFlightConn?.amount ?? 0 }) };
  }
  try {
    const isLetIn = createAdmission(config).admit(clientIp) !== null;
    const verdict = isLetIn
      ? says('passes', 'ADDRESS_LISTED', { address: clientIp })
      : says('refuses', 'ADDRESS_NOT_LISTED', { address: clientIp });
    return { name, type, ...verdict };
  } catch {
    return { name, type, ...says('refuses', 'UNUSABLE') };
  }
}
