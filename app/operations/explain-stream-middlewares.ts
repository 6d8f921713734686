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
  if (type === 'inFlightConn') {
    const amount = config.inFlightConn?.amount ?? 0;
    const detail = `Lets each address have ${amount} ${amount === 1 ? 'connection' : 'connections'} at once.`;
    return { name, type, verdict: 'depends', detail, said: { code: 'CONNECTIONS_AT_ONCE', details: { amount } } };
  }
  if (type === undefined) return unusable(name, '');
  try {
    const isLetIn = createAdmission(config).admit(clientIp) !== null;
    const detail = isLetIn
      ? `${clientIp} is on its list.`
      : `${clientIp} is not on its list: the connection is closed.`;
    const code = isLetIn ? 'ADDRESS_LISTED' : 'ADDRESS_NOT_LISTED';
    return { name, type, verdict: isLetIn ? 'passes' : 'refuses', detail, said: { code, details: { clientIp } } };
  } catch {
    return unusable(name, type);
  }
}

function unusable(name: string, type: string): Step {
  const detail = 'It cannot be used as it is configured.';
  return { name, type, verdict: 'refuses', detail, said: { code: 'UNUSABLE', details: {} } };
}
