import { Fragment } from 'react';

/** An address or rule that may be broken after its separators, before it is broken anywhere. */
export function Breakable({ text }: { text: string }) {
  const parts = text.split(/(?<=[/@(,&|]|[.:-](?=\D)|:\/\/)|(?=:\d+$)/);
  return parts.map((part, index) => (
    // The parts of a text have no identity but their place.
    // oxlint-disable-next-line react/no-array-index-key
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
