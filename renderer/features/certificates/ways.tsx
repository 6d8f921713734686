import { useTranslation } from 'react-i18next';
import type { CertificateProposal, ResolverView } from '../../../app/contract/certificates.ts';
import { useSlow } from '../../components/hooks.ts';
import { Status, type Tone } from '../../components/status.tsx';
import { reasonWords } from './certificate-words.ts';
import { type Choice, Choices } from './choices.tsx';
import type { Proposed } from './use-proposal.ts';

type Way = CertificateProposal['ways'][number];
/** A challenge, the own authority, or `resolver`: as one that is there does. */
export type WayChoice = Way['challenge'] | 'resolver';

const verdictTone: Readonly<Record<Way['verdict'], Tone>> = {
  proposed: 'good',
  possible: 'off',
  doubtful: 'attention',
  impossible: 'off',
};

function Verdict({ verdict }: { verdict: Way['verdict'] }) {
  const { t } = useTranslation();
  return (
    <Status tone={verdictTone[verdict]}>
      <span className="text-12">{t(`certificates.form.verdicts.${verdict}`)}</span>
    </Status>
  );
}

/** What is taken while nobody has chosen: a resolver that can do it, else what is proposed, else the first that may. */
export function usualWay(proposal: CertificateProposal | null): WayChoice | null {
  if (!proposal) return null;
  const proposed = proposal.ways.find(({ verdict }) => verdict === 'proposed')?.challenge;
  if (proposed === 'internal') return 'internal';
  if (proposal.resolver !== null) return 'resolver';
  return proposed ?? proposal.ways.find(({ verdict }) => verdict !== 'impossible')?.challenge ?? null;
}

/** The ways to prove a name, each with the reasons for and against it. */
export function Ways({
  proposed,
  resolvers,
  value,
  onChange,
}: {
  proposed: Proposed;
  resolvers: readonly ResolverView[];
  value: WayChoice | null;
  onChange: (way: WayChoice) => void;
}) {
  const { t } = useTranslation();
  const { proposal, isLooking, error } = proposed;
  const slow = useSlow(isLooking);
  if (error !== null) {
    return (
      <p role="alert" className="text-13 text-broken">
        {error}
      </p>
    );
  }
  if (!proposal) {
    return (
      <div>
        <div className="mb-1 text-13 font-medium">{t('certificates.form.how')}</div>
        <p
          role="status"
          className="min-h-40 rounded-s border border-dashed border-line-strong px-3 py-3 text-13 text-muted"
        >
          {isLooking ? slow && t('certificates.form.looking') : t('certificates.form.howWait')}
        </p>
      </div>
    );
  }
  const resolver = resolvers.find(({ name }) => name === proposal.resolver);
  const options: Choice<WayChoice>[] = [
    ...(resolver ? [resolverChoice(resolver)] : []),
    ...proposal.ways.map(
      ({ challenge, verdict, reasons }): Choice<WayChoice> => ({
        value: challenge,
        text: t(`certificates.form.ways.${challenge}`),
        disabled: verdict === 'impossible',
        aside: <Verdict verdict={resolver && verdict === 'proposed' ? 'possible' : verdict} />,
        hint: (
          <>
            {verdict !== 'impossible' && `${t(`certificates.form.waysHint.${challenge}`)} `}
            {reasons.map((reason) => reasonWords(t, reason)).join(' ')}
          </>
        ),
      }),
    ),
  ];
  function resolverChoice({ name, email, challenge }: ResolverView): Choice<WayChoice> {
    const how = t(`certificates.form.ways.${challenge}`);
    return {
      value: 'resolver',
      text: t('certificates.form.existing', { name }),
      hint:
        email === ''
          ? t('certificates.form.existingHintNoEmail', { challenge: how })
          : t('certificates.form.existingHint', { challenge: how, email }),
      aside: <Verdict verdict="proposed" />,
    };
  }
  return <Choices label={t('certificates.form.how')} value={value} onChange={onChange} options={options} />;
}
