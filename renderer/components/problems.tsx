import { useTranslation } from 'react-i18next';
import type { Problem } from '../../app/contract/objects.ts';
import { problemWords } from '../words/problem-words.ts';
import { type Tone, ToneIcon, toneGround } from './status.tsx';

export const severityTone: Record<Problem['severity'], Tone> = { error: 'broken', warning: 'attention', info: 'off' };

/** What is wrong, in words, and what to do. */
export function ProblemList({ problems }: { problems: readonly Problem[] }) {
  const { t } = useTranslation();
  return (
    <ul className="flex flex-col gap-2">
      {problems.map((problem) => {
        const words = problemWords(problem);
        const tone = severityTone[problem.severity];
        return (
          <li
            key={`${problem.code} ${problem.message}`}
            className={`flex gap-2.5 rounded-s px-3 py-2 text-13 ${toneGround[tone]}`}
          >
            <span className="mt-0.5">
              <ToneIcon tone={tone} />
              <span className="sr-only">{t(`severity.${problem.severity}`)}</span>
            </span>
            <div className="min-w-0 [overflow-wrap:anywhere]">
              <p className="text-text">{words.message}</p>
              {words.fix && <p className="text-soft">{words.fix}</p>}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
